import ArgumentParser

/// Spellings of other servers' command lines, each refused with what it is called here.
///
/// They are options that the help does not show, so that the parser itself tells a name from a value.
struct ForeignOptions: ParsableArguments {
    private static let withValue: [String: String] = [
        "-m": "did you mean --model FILE?", "-hf": file, "--hf-repo": file, "-mu": file, "--model-path": model,
        "-a": name, "--alias": name, "--served-model-name": name,
        "-c": context, "--ctx-size": context, "--max-model-len": context, "--num-ctx": context, "--n-ctx": context,
        "-t": "did you mean --threads N?", "-p": "did you mean --port N?",
        "-np": sequences, "--parallel": sequences, "--max-num-seqs": sequences, "--max-batch-size": sequences,
        "-ctk": cache, "-ctv": cache, "--cache-type-k": cache, "--cache-type-v": cache, "--kv-cache-dtype": cache,
        "--chat-template-file": template, "-ngl": graphics, "--gpu-layers": graphics, "--n-gpu-layers": graphics,
        "--bind": "did you mean --host ADDRESS?", "--api-key-file": "did you mean --config FILE with \"api-key\"?",
        "--temp": request, "--temperature": request, "--top-k": request, "--top-p": request, "--min-p": request,
        "--seed": request, "--repeat-penalty": request, "-n": request, "--n-predict": request,
    ]
    private static let alone: [String: String] = ["-v": verbose, "--verbose": verbose]

    private static let template = "did you mean --chat-template FILE?"
    private static let model = "did you mean --model FILE?"
    private static let name = "did you mean --model ID=FILE?"
    private static let context = "did you mean --context N?"
    private static let sequences = "did you mean --max-sequences N?"
    private static let cache = "did you mean --kv-type f16, q8 or f32?"
    private static let verbose = "did you mean --log-level debug?"
    private static let graphics = "models run on the processor, so leave it out"
    private static let file = "models are files of this machine: did you mean --model FILE?"
    private static let request = "it belongs in each request, such as \"temperature\": 0.2"

    @Option(name: ForeignOptions.names(ForeignOptions.withValue), help: .hidden) var values: [String] = []
    @Flag(name: ForeignOptions.names(ForeignOptions.alone), help: .hidden) var flags = false

    /// What stands among the options without belonging to one.
    @Argument(help: .hidden) var strays: [String] = []

    func validate() throws {
        let options = CommandLine.arguments.dropFirst().map { String($0.prefix { $0 != "=" }) }
        if !values.isEmpty || flags {
            for option in options {
                guard let advice = Self.withValue[option] ?? Self.alone[option] else { continue }
                throw ValidationError("Unknown option '\(option)'; \(advice)")
            }
            throw ValidationError("Unknown option; --help lists those that there are")
        }
        // After a mistyped option its value is a stray; the parser, which comes next, then names the option.
        let ours = Setting.table.map(\.flag) + ["--config"]
        guard options.allSatisfy({ !$0.hasPrefix("--") || ours.contains($0) }) else { return }
        try refuseStrays()
    }

    /// Names an argument that no option takes, and what it was probably meant to be.
    func refuseStrays() throws {
        guard let stray = strays.first else { return }
        throw ValidationError(
            "Unexpected argument '\(stray)'; a model is given as --model \(Invocation.quoted(stray))")
    }

    private static func names(_ spellings: [String: String]) -> NameSpecification {
        NameSpecification(
            spellings.keys.sorted().map { option in
                if option.hasPrefix("--") { return .customLong(String(option.dropFirst(2))) }
                let letters = option.dropFirst()
                if let letter = letters.first, letters.count == 1 { return .customShort(letter) }
                return .customLong(String(letters), withSingleDash: true)
            })
    }
}
