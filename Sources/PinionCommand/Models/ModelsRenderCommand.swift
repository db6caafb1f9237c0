import ArgumentParser
import Foundation
import OpenAIAPI
import PinionGeneration
import PinionJSON
import PinionModelFiles
import PinionTemplate
import PinionTokenizer
import PinionWire
import TextGeneration

extension ModelsCommand {
    /// `pinion models render`: the prompt that a chat request becomes.
    struct Render: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the prompt that a chat request becomes.",
            discussion: """
                The request is the body of POST /v1/chat/completions; it may leave out its model. Without REQUEST it is \
                read from standard input. With a template alone, special tokens such as bos_token are undefined unless \
                the request's chat_template_kwargs set them.
                """)

        @Argument(help: "A GGUF file, a folder, the id of a fetched model, or a file TEMPLATE.jinja.") var model: String
        @Argument(help: "A JSON file (default: standard input).") var request: String?
        @Option(help: ArgumentHelp("A Jinja file, or one of the model's named templates.", valueName: "file|name"))
        var chatTemplate: String?
        @Flag(help: "Read a request a line from standard input, write {\"prompt\"} or {\"error\"} a line.")
        var jsonl = false
        @OptionGroup var data: DataOptions

        func validate() throws {
            guard !jsonl || request == nil else {
                throw ValidationError("--jsonl reads its requests from standard input")
            }
            guard !isTemplate || chatTemplate == nil else {
                throw ValidationError("\(model) is a template itself, so that --chat-template has no place")
            }
        }

        func run() throws {
            let renderer = try renderer()
            if jsonl {
                try JSONLines.forEach { line in
                    var writer = JSONWriter()
                    let (name, text) =
                        switch Result(catching: { try prompt(line, renderer) }) {
                        case .success(let prompt): ("prompt", prompt)
                        case .failure(let error): ("error", Self.message(of: error))
                        }
                    writer.raw("{")
                    writer.string(name)
                    writer.raw(":")
                    writer.string(text)
                    writer.raw("}")
                    return String(decoding: writer.bytes, as: UTF8.self)
                }
                return
            }
            let limit = StandardInput.maximumBytes
            let body =
                try request.map { try [UInt8](FileContents.of($0, kind: "request", limit: limit)) }
                ?? Array(StandardInput.text(kind: "request").utf8)
            do {
                Console.text(try prompt(body, renderer))
            } catch { throw CommandFailure(Self.message(of: error)) }
        }

        private func renderer() throws -> PromptRenderer {
            if isTemplate {
                let choice = try TemplateReference(file: model).choice()
                guard case .source(let source, _) = choice else {
                    throw CommandFailure("there is no template file '\(model)'")
                }
                do {
                    return PromptRenderer(try ChatTemplate(source: source), SpecialTexts(), source: source)
                } catch { throw CommandFailure("\(model): \(error)") }
            }
            let package = try ModelsCommand.package(model, data.directory)
            let tokenizer = try TextModel.tokenizer(of: package)
            let choice = try chatTemplate.map { try TemplateReference(file: $0).choice() }
            guard
                let served = try ServedTemplate(package, choice: choice)
                    ?? ServedTemplate(guessedFor: package, tokenizer)
            else {
                let way = ServedTemplate.names(package).map { "--chat-template takes one of \($0)" }
                throw CommandFailure(
                    "\(package.path): has no default chat template (\(package.templatePlace)); "
                        + (way ?? "--chat-template FILE gives one"))
            }
            return PromptRenderer(
                served.template, tokenizer.specialTexts, source: served.source, tokenizer: tokenizer)
        }

        /// Whether a template was given in the place of a model.
        private var isTemplate: Bool {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: model, isDirectory: &isFolder)
            return model.hasSuffix(".jinja") && !isFolder.boolValue
        }

        private func prompt(_ body: [UInt8], _ renderer: PromptRenderer) throws -> String {
            let request = try ChatCompletionRequest.decode(Self.withModel(body)).generation
            return String(decoding: try renderer.render(request).text, as: UTF8.self)
        }

        /// A body with a model, which a request needs and no template sees.
        private static func withModel(_ body: [UInt8]) throws -> [UInt8] {
            guard case .object(let object) = try JSONValue.parse(body, limits: JSONLines.limits),
                object["model"] == nil,
                let brace = body.firstIndex(of: UInt8(ascii: "{"))
            else { return body }
            let member = #""model":"any""# + (object.members.isEmpty ? "" : ",")
            return body[...brace] + Array(member.utf8) + body[(brace + 1)...]
        }

        private static func message(of error: any Error) -> String {
            switch error {
            case let error as APIError: error.message
            case let error as GenerationError:
                APIError(error, requestedTokens: nil)?.message ?? error.message
            default: "\(error)"
            }
        }
    }
}
