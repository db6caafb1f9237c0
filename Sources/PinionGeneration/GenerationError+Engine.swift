import PinionEngine
import TextGeneration

extension GenerationError {
    /// An engine's error, as a request is told of it.
    ///
    /// - Parameter promptTokens: Tokens of the request's prompt; 0 where the engine refused before there was one.
    init(_ error: EngineError, promptTokens: Int, contextLength: Int) {
        let code: Code =
            switch error.code {
            case .promptTooLong: .promptTooLong
            case .overloaded: .overloaded
            case .invalidRequest: .invalidParameter
            case .failed, .stopped: .unavailable
            case .load, .insufficientMemory: .model
            }
        self.init(
            code, error.message, parameter: error.parameter.map(Parameter.init),
            overflow: code == .promptTooLong ? .init(contextLength: contextLength, promptTokens: promptTokens) : nil)
    }
}

extension GenerationError.Parameter {
    fileprivate init(_ parameter: EngineError.Parameter) {
        self =
            switch parameter {
            case .prompt: .messages
            case .choices: .choices
            case .logitBias: .logitBias
            }
    }
}
