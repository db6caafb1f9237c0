import ArgumentParser
import Foundation
import PinionGeneration
import PinionJSON
import PinionModelFiles
import PinionTokenizer

extension ModelsCommand {
    /// `pinion models tokenize`: what a model's tokenizer makes of a text.
    struct Tokenize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the tokens of a text.",
            discussion: """
                Without TEXT the text is read from standard input. Control tokens are ordinary text, and no token is \
                added, unless asked for. A file that holds only a vocabulary will do.
                """)

        @Argument(help: "A GGUF file, a folder, or the id of a fetched model.") var model: String
        @Argument(help: "The text (default: standard input).") var text: String?
        @Flag(help: "Read the names of control tokens in the text as those tokens.") var parseSpecial = false
        @Flag(help: "Put the tokens around the text that the model expects there.") var addSpecial = false
        @Flag(help: "Read a JSON string a line from standard input, write an array of ids a line.") var jsonl = false
        @OptionGroup var data: DataOptions

        func validate() throws {
            guard !jsonl || text == nil else { throw ValidationError("--jsonl reads its texts from standard input") }
        }

        func run() throws {
            let package = try ModelsCommand.package(model, data.directory)
            let tokenizer = try TextModel.tokenizer(of: package)
            if jsonl {
                try JSONLines.forEach { line in
                    guard case .string(let text) = try JSONValue.parse(line, limits: JSONLines.limits) else {
                        throw CommandFailure("a line is not a JSON string")
                    }
                    var writer = JSONWriter()
                    writer.raw("[")
                    writer.list(tokens(text, tokenizer)) { $0.integer($1) }
                    writer.raw("]")
                    return String(decoding: writer.bytes, as: UTF8.self)
                }
                return
            }
            let text = try self.text ?? StandardInput.text(kind: "text")
            Table(
                header: ["ID", "TEXT"], rows: tokens(text, tokenizer).map { [String($0), Self.shown($0, tokenizer)] }
            ).print()
        }

        private func tokens(_ text: String, _ tokenizer: Tokenizer) -> [Int32] {
            let tokens = tokenizer.encode(text, parsingSpecialTokens: parseSpecial)
            return addSpecial ? tokenizer.surrounded(tokens) : tokens
        }

        /// A token's text in quotes; the bytes of one that holds part of a character.
        private static func shown(_ token: Int32, _ tokenizer: Tokenizer) -> String {
            let bytes = tokenizer.bytes(of: token)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return bytes.map { String(format: "<0x%02X>", $0) }.joined()
            }
            var writer = JSONWriter()
            writer.string(text)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
}
