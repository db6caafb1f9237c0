import PinionEngine
import PinionGeneration
import PinionGrammar
import PinionJSON

/// A schema as replies are held to it, tried on instances.
struct SchemaTrial {
    struct Verdict {
        let isAccepted: Bool
        /// The byte of ``text`` that cannot stand there, or its length where more has to come.
        let failure: Int
        /// The instance in the order and spelling of replies.
        let text: [UInt8]

        /// For people.
        var description: String {
            if isAccepted { return "accepted" }
            if failure == text.count { return "refused at byte \(failure): more has to come" }
            return "refused at byte \(failure): \(Self.shown(text[..<failure].suffix(Self.shownBytes))) -> "
                + "\(Self.shown(text[failure...].prefix(Self.shownBytes)))"
        }

        private static let shownBytes = 24

        /// Bytes of a text, of which the first or last character may be cut.
        private static func shown(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
    }

    let compileTime: Duration
    private let grammar: Grammar
    private let spelling: InstanceSpelling
    private let compiled: (grammar: CompiledGrammar, vocabulary: ReplyVocabulary)?

    var stateCount: Int { grammar.stateCount }

    /// - Throws: ``PinionGrammar/GrammarError`` for a schema that cannot be enforced in full.
    init(_ schema: JSONValue, _ vocabulary: ReplyVocabulary?) throws(GrammarError) {
        let began = ContinuousClock.now
        grammar = try SchemaGrammar.compile(schema, mode: .strict).grammar
        // Nothing is forced, so that the mask of every token is found.
        let grammar = grammar
        compiled = vocabulary.map { ($0.compile(grammar, isForcing: false), $0) }
        compileTime = ContinuousClock.now - began
        spelling = try InstanceSpelling(schema, mode: .strict)
    }

    /// Reads an instance; with a vocabulary also token by token.
    ///
    /// - Throws: What ``init(_:_:)`` throws.
    func read(_ instance: JSONValue, _ times: MaskTimes) throws(GrammarError) -> Verdict {
        let text = try spelling.text(of: instance)
        if let compiled { Self.time(text, compiled.grammar, compiled.vocabulary, times) }
        var matcher = GrammarMatcher(grammar)
        return switch matcher.read(text) {
        case .accepted: Verdict(isAccepted: true, failure: text.count, text: text)
        case .refused(let offset): Verdict(isAccepted: false, failure: offset, text: text)
        case .incomplete: Verdict(isAccepted: false, failure: text.count, text: text)
        }
    }

    /// Finds the masks in front of each token of a text and behind the last, up to a token that is not allowed.
    private static func time(
        _ text: [UInt8], _ grammar: CompiledGrammar, _ vocabulary: ReplyVocabulary, _ times: MaskTimes
    ) {
        let constraint = GrammarConstraint(grammar, vocabulary, observer: times)
        var mask = TokenMask(vocabulary: vocabulary.count)
        for token in vocabulary.encode(text) + [nil] {
            mask.fill(false)
            constraint.markAllowed(in: &mask)
            guard let token, mask[token] else { return }
            constraint.advance(token)
        }
    }
}

// MARK: - Lines

extension SchemaTrial {
    /// Answers `{"schema": ..., "instances": [...]}`; a line that is no such thing is answered with an error, too.
    static func answer(to line: [UInt8], _ vocabulary: ReplyVocabulary?) -> [UInt8] {
        let input: JSONValue
        do {
            input = try JSONValue.parse(line, limits: JSONLines.limits)
        } catch { return failure("the line is not JSON: \(error)", pointer: nil, compileTime: nil) }
        guard case .object(let object) = input, let schema = object["schema"] else {
            return failure("the line has no 'schema'", pointer: nil, compileTime: nil)
        }
        guard case .array(let instances) = object["instances"] ?? .array([]) else {
            return failure("'instances' is no array", pointer: nil, compileTime: nil)
        }
        let began = ContinuousClock.now
        do throws(GrammarError) {
            let trial = try SchemaTrial(schema, vocabulary)
            let times = MaskTimes()
            var verdicts: [Verdict] = []
            for instance in instances { verdicts.append(try trial.read(instance, times)) }
            return success(trial, verdicts, times.summary)
        } catch {
            return failure(error.message, pointer: error.pointer, compileTime: ContinuousClock.now - began)
        }
    }

    private static func success(_ trial: SchemaTrial, _ verdicts: [Verdict], _ times: MaskTimes.Summary?) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"compiled":true,"error":null,"pointer":null,"compile_ms":"#)
        writer.decimal(milliseconds(trial.compileTime))
        writer.raw(#","instances":["#)
        writer.list(verdicts) { writer, verdict in
            writer.raw(verdict.isAccepted ? #"{"accepted":true,"at":null}"# : #"{"accepted":false,"at":"#)
            guard !verdict.isAccepted else { return }
            writer.integer(verdict.failure)
            writer.raw("}")
        }
        writer.raw(#"],"mask_us":"#)
        if let times {
            writer.raw(#"{"mean":"#)
            writer.decimal(times.mean)
            writer.raw(#","p99":"#)
            writer.decimal(times.p99)
            writer.raw(#","max":"#)
            writer.decimal(times.maximum)
            writer.raw("}}")
        } else {
            writer.raw("null}")
        }
        return writer.bytes
    }

    private static func failure(_ message: String, pointer: String?, compileTime: Duration?) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"compiled":false,"error":"#)
        writer.string(message)
        writer.raw(#","pointer":"#)
        writer.stringOrNull(pointer)
        writer.raw(#","compile_ms":"#)
        if let compileTime { writer.decimal(milliseconds(compileTime)) } else { writer.raw("null") }
        writer.raw(#","instances":[],"mask_us":null}"#)
        return writer.bytes
    }

    /// To a microsecond.
    private static func milliseconds(_ time: Duration) -> Double { (time / .microseconds(1)).rounded() / 1_000 }
}
