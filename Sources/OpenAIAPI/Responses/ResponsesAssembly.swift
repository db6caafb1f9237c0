import Foundation
package import PinionWire
package import TextGeneration

/// Collects the events of a generation into a response that does not stream.
package struct ResponsesAssembly: Sendable {
    private let writer: ResponseWriter
    private var output: ResponseOutput

    /// - Parameters:
    ///   - created: Seconds since 1970.
    ///   - seal: Closes what the model thought.
    package init(_ request: ResponsesRequest, by model: ServedModel, created: Int, seal: any ReasoningSeal) {
        writer = ResponseWriter(request, by: model, created: created)
        output = ResponseOutput(request, by: model, seal: seal)
    }

    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    package mutating func add(_ event: GenerationEvent) throws(GenerationError) {
        _ = try output.add(event)
    }

    /// The body of the reply, once every event was added.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    package func body() throws(GenerationError) -> [UInt8] {
        try writer.response(of: output)
    }
}

extension ResponseOutput {
    init(_ request: ResponsesRequest, by model: ServedModel, seal: any ReasoningSeal) {
        self.init(ReplyShape(tools: request.generation.conversation.tools)) { [id = model.id] in seal.seal($0, by: id) }
    }

    /// Whether the reply is all that the model wanted to say.
    var status: ResponseWriter.Status { end?.isCut == true ? .incomplete : .completed }
}

extension ResponseWriter {
    /// The object of a response that has ended.
    func response(of output: ResponseOutput) throws(GenerationError) -> [UInt8] {
        let usage = try output.completeUsage()
        return response(
            output.status, items: output.items, usage: usage,
            completed: output.status == .completed ? Int(Date().timeIntervalSince1970) : nil)
    }
}
