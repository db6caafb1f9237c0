import Foundation
import PinionCatalog
import PinionServer
import PinionStore
import TextGeneration

/// What a server says once it listens: where, with which keys, and a request to paste.
struct Greeting {
    let settings: ServeSettings
    let models: [ServedModel]
    let keys: ServerKeys
    /// Nil on a server that asks for no keys.
    let signIn: PageSignIn?
    let port: Int

    /// What the examples ask: something that a small model knows.
    private static let question = "What is the capital of France?"

    func print() {
        Console.line("pinion \(PinionProgram.version) serving \(models.map(\.id).joined(separator: ", "))")
        Console.line("listening on \(address)")
        guard settings.server.requiresAuthentication else {
            printPage(withCode: false)
            Console.line("no API key is asked for")
            printExamples(secret: nil)
            return
        }
        guard keys.needsFirstKey else {
            // Into a file or a pipe, which others may read and keep, goes no code.
            printPage(withCode: isatty(STDOUT_FILENO) == 1)
            printKeyCounts()
            return
        }
        do {
            guard let issued = try keys.makeFirstKey() else { return }
            printPage(withCode: true)
            Console.line()
            Console.line("A first API key was made. It is shown this once and stored nowhere:")
            Console.line()
            Console.line("    \(issued.secret)")
            printExamples(secret: issued.secret)
        } catch {
            printPage(withCode: false)
            Console.failure(error)
            Console.notice("no API key could be made; `\(createKey)` tries again")
        }
    }

    /// - Parameter withCode: Whether the address has a code, which signs the first browser in that opens it.
    private func printPage(withCode: Bool) {
        let page = PageAddress(server: settings.server, port: port).text
        guard withCode, let signIn else {
            Console.line("Open the page: \(page)")
            return
        }
        Console.line("Open the page: \(page)#sign-in=\(signIn.makeCode())")
        Console.line("This link signs you in without a key. It works once, for \(PageSignIn.lifetimeText).")
    }

    private func printKeyCounts() {
        var parts: [String] = []
        if keys.ephemeralCount > 0 { parts.append("\(keys.ephemeralCount) given at start") }
        if keys.storedCount > 0 || parts.isEmpty { parts.append("\(keys.storedCount) stored") }
        Console.line("API keys: \(parts.joined(separator: ", "))")
        Console.line("Lost the key? This makes another: \(createKey)")
    }

    private func printExamples(secret: String?) {
        Console.line()
        Console.line("Try it:")
        Console.line()
        Console.line(example(secret: secret, isStreamed: false))
        Console.line()
        Console.line("The same, streamed:")
        Console.line()
        Console.line(example(secret: secret, isStreamed: true))
        let small = ModelCatalog.defaultModel
        guard models.contains(where: { $0.id == small.id }) else { return }
        Console.line()
        Console.line(
            "\(small.id) is a toy of \(small.sizeText), for the first minute. A better model is a file of yours:")
        let command = Invocation.command("serve --model FILE.gguf", in: settings.dataDirectory)
        Console.line()
        Console.line("    \(command)")
    }

    /// A command for a POSIX shell. An id may come from a file's metadata, so it is quoted for JSON and for the shell.
    ///
    /// It asks for the likeliest words (temperature 0): at the API's default of 1 a small model answers nonsense.
    private func example(secret: String?, isStreamed: Bool) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let id = (try? encoder.encode(models.first?.id ?? "")).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        var lines = ["curl \(isStreamed ? "-N " : "")\(address)/v1/chat/completions"]
        lines.append("  -H 'Content-Type: application/json'")
        if let secret { lines.append("  -H 'Authorization: Bearer \(secret)'") }
        let stream = isStreamed ? "\"stream\": true, " : ""
        let message = #"{"role": "user", "content": "\#(Self.question)"}"#
        let body = #"{\#(stream)"model": \#(id), "temperature": 0, "messages": [\#(message)]}"#
        lines.append("  -d \(Invocation.quoted(body))")
        return lines.joined(separator: " \\\n")
    }

    private var address: String {
        let host = settings.server.host
        let isBareIPv6 = host.contains(":") && !host.hasPrefix("[")
        return "http://\(isBareIPv6 ? "[\(host)]" : host):\(port)"
    }

    private var createKey: String {
        Invocation.command("keys create", in: settings.dataDirectory)
    }
}
