/// How a model writes what it thinks and what it calls, as its family was trained to.
///
/// One description serves all three: what the model may say next (``ReplyGrammar``), what is streamed, and what the whole
/// reply is (both ``ReplyReader``).
///
///     let hermes = ReplyFormat.named("hermes")
///     // The weather is ... <tool_call>{"name": "weather", "arguments": {"city": "Bern"}}</tool_call>
package struct ReplyFormat: Sendable, Equatable {
    /// Marks around what the model thinks.
    package struct Thinking: Sendable, Equatable {
        package var open: String
        package var close: String
        /// What is written in the model's place when its thinking has taken long enough, the closing mark included.
        package var conclusion: String

        package init(_ open: String, _ close: String, conclusion: String? = nil) {
            self.open = open
            self.close = close
            self.conclusion = conclusion ?? "\n" + close + "\n\n"
        }
    }

    /// A mark in front of a text, and the one behind it.
    package struct TextMarks: Sendable, Equatable {
        package var open: String
        package var close: String
        /// Whether white space in front of `close` is dropped.
        package var ownsSpace: Bool

        package init(_ open: String, _ close: String, ownsSpace: Bool = false) {
            self.open = open
            self.close = close
            self.ownsSpace = ownsSpace
        }
    }

    /// The name that `--tool-format` takes and `pinion models inspect` shows.
    package let name: String
    package var thinking: Thinking?
    package var calls: CallFormat?
    /// Marks around the text that is meant for the reader, which are no part of it.
    package var textMarks: [TextMarks] = []
    /// Whether a reply is a list of messages with headers (gpt-oss). `ChannelReader` and `ReplyGrammar+Channels` then know
    /// the marks; `thinking` and `calls` serve only the thinking budget and the call's body.
    package var hasChannels = false

    package init(_ name: String, thinking: Thinking? = nil, calls: CallFormat? = nil) {
        self.name = name
        self.thinking = thinking
        self.calls = calls
    }
}

extension ReplyFormat {
    /// The texts that a reply is taken apart at.
    package var marks: [[UInt8]] {
        var texts = textMarks.flatMap { [$0.open, $0.close] }
        if let thinking { texts += [thinking.open, thinking.close] }
        if hasChannels { texts += ["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>"] }
        if let calls {
            for alias in calls.aliases { texts += alias.open + alias.close }
            texts += calls.sectionOpen + calls.sectionClose + [calls.open, calls.close]
            switch calls.body {
            case .object, .keyed: break
            case .named(let form):
                texts += [
                    form.prefix, form.nameEnd, form.identifierMark ?? "", form.argumentsOpen, form.argumentsClose,
                ]
            case .tagged(let form):
                texts += [
                    form.nameOpen, form.nameEnd, form.keyOpen, form.keyEnd, form.valueOpen, form.valueEnd, form.end,
                ]
            case .literal(let form): texts += [form.prefix, form.quote ?? ""]
            }
        }
        return texts.map { Array($0.utf8) }
    }
}

/// How calls of tools are written.
package struct CallFormat: Sendable, Equatable {
    /// In front of the first call; white space may stand between the parts. Empty where each call stands by itself.
    package var sectionOpen: [String] = []
    /// Behind the last call.
    package var sectionClose: [String] = []
    /// Between two calls; white space may stand around it.
    package var separator = ""
    /// In front of each call.
    package var open = ""
    /// Behind each call.
    package var close = ""
    package var body: CallBody
    /// Older marks around all calls. The grammar allows them and the reader reads them; no prompt of ours shows them.
    package var aliases: [SectionMarks] = []
    /// Whether a call may also stand without `open` and `close`, as Qwen3-Coder at times writes it.
    package var hasBareBodies = false
    /// Whether no mark tells a call: the reply begins with it, and the name of an offered tool is the only evidence.
    package var isUnmarked: Bool { sectionOpen.isEmpty && open.isEmpty || isAtBeginning }
    /// Whether a call may stand only at the beginning of a reply, because ordinary text may hold its mark (`[`).
    package var isAtBeginning = false

    package init(_ body: CallBody) {
        self.body = body
    }

    /// The parts in front of the first call.
    var opening: [String] { sectionOpen + (open.isEmpty ? [] : [open]) }

    /// The marks that a call begins with, wherever it stands. The first mark of the own form tells a call; an older form has
    /// to be there as a whole, because its first mark may be an ordinary word.
    var beginnings: [[String]] {
        guard !isUnmarked else { return [] }
        let own = opening.prefix(1).map { [$0] }
        return own + aliases.map(\.open) + (hasBareBodies ? [[body.prefix]] : [])
    }
}

/// Marks around all calls of a reply.
package struct SectionMarks: Sendable, Equatable {
    package var open: [String]
    package var close: [String]

    package init(_ open: [String], _ close: [String]) {
        self.open = open
        self.close = close
    }
}

/// How one call is written between its marks.
package enum CallBody: Sendable, Equatable {
    /// One JSON object with the name and the arguments: the first of each list is what the model was trained on, the others
    /// are understood, too. The model may write an identifier of the call in front of both or behind, where it
    /// has a key.
    case object(names: [String], arguments: [String], identifier: String? = nil)
    /// One JSON object whose only member has the tool's name, and the arguments as its value.
    case keyed
    /// The name as it is, then the arguments as JSON.
    case named(NamedCall)
    /// The name, then each argument between marks.
    case tagged(TaggedCall)
    /// `name(argument=value, ...)` with the values as Python or a relative of it writes them.
    case literal(LiteralCall)
}

extension CallBody {
    /// The mark in front of the name; empty where there is none.
    var prefix: String {
        switch self {
        case .object, .keyed: ""
        case .named(let form): form.prefix
        case .tagged(let form): form.nameOpen
        case .literal(let form): form.prefix
        }
    }
}

/// A call whose name stands in front of its arguments.
package struct NamedCall: Sendable, Equatable {
    /// In front of the name.
    package var prefix = ""
    /// Behind the name.
    package var nameEnd: String
    /// What separates the name from the call's identifier, in front of `nameEnd`; nil where calls have none.
    package var identifierMark: String?
    /// What separates the name from the call's number (`weather:0`); nil where calls have none.
    package var indexMark: String?
    /// In front of the arguments.
    package var argumentsOpen = ""
    /// Behind the arguments.
    package var argumentsClose = ""

    package init(prefix: String = "", nameEnd: String) {
        self.prefix = prefix
        self.nameEnd = nameEnd
    }
}

/// A call whose arguments stand between marks, each by itself: a text as it is, anything else as JSON.
package struct TaggedCall: Sendable, Equatable {
    /// In front of the tool's name.
    package var nameOpen: String
    /// Behind the tool's name.
    package var nameEnd: String
    /// In front of an argument's name.
    package var keyOpen: String
    /// Behind an argument's name.
    package var keyEnd: String
    /// Between the mark behind the key and the value; white space may stand in front of it.
    package var valueOpen = ""
    /// What stands in front of ``valueOpen`` where the value is a text; nil where only the tool's schema tells.
    package var textSign: String?
    /// What stands in front of ``valueOpen`` where the value is JSON; nil where only the tool's schema tells.
    package var jsonSign: String?
    /// Behind a value.
    package var valueEnd: String
    /// White space within the marks that is no part of a value.
    package var padding = ""
    /// Behind the last argument.
    package var end: String

    package init(
        name: (open: String, end: String), key: (open: String, end: String), valueEnd: String, end: String
    ) {
        nameOpen = name.open
        nameEnd = name.end
        keyOpen = key.open
        keyEnd = key.end
        self.valueEnd = valueEnd
        self.end = end
    }
}

/// A call in the manner of a programming language.
package struct LiteralCall: Sendable, Equatable {
    /// In front of the name.
    package var prefix = ""
    /// In front of the arguments.
    package var open = "("
    /// Behind the arguments.
    package var close = ")"
    /// Between an argument's name and its value.
    package var assignment = "="
    /// What a text is written between, beside quotation marks.
    package var quote: String?

    package init() {}
}
