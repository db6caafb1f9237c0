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
        /// Whether white space in front of the latter is no part of the text.
        package var ownsSpace: Bool

        package init(_ open: String, _ close: String, ownsSpace: Bool = false) {
            self.open = open
            self.close = close
            self.ownsSpace = ownsSpace
        }
    }

    /// By which name it is asked for, and told of.
    package let name: String
    package var thinking: Thinking?
    package var calls: CallFormat?
    /// Marks around the text that is meant for the reader, which are no part of it.
    package var textMarks: [TextMarks] = []
    /// Whether the reply is made of messages with headers, as gpt-oss writes them; the fields above then describe their
    /// meaning only.
    package var hasChannels = false

    package init(_ name: String, thinking: Thinking? = nil, calls: CallFormat? = nil) {
        self.name = name
        self.thinking = thinking
        self.calls = calls
    }
}

extension ReplyFormat {
    /// The texts that a reply is taken apart at.
    var marks: [[UInt8]] {
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
    /// In front of each call, and behind it.
    package var open = ""
    package var close = ""
    package var body: CallBody
    /// Other marks around all calls that are understood, and not asked for.
    package var aliases: [SectionMarks] = []
    /// Whether a body may stand without the marks of its call; understood, and not asked for.
    package var hasBareBodies = false
    /// Whether a call is told by nothing but that the reply begins with it.
    package var isUnmarked: Bool { sectionOpen.isEmpty && open.isEmpty || isAtBeginning }
    /// Whether a call can only be what the reply begins with, although it has marks, which other text may begin with, too.
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
    /// Between the name and ``nameEnd``: what an identifier of the call begins with; nil for none.
    package var identifierMark: String?
    /// Behind the number that follows the name; nil where calls have none.
    package var indexMark: String?
    /// In front of the arguments, and behind them.
    package var argumentsOpen = ""
    package var argumentsClose = ""

    package init(prefix: String = "", nameEnd: String) {
        self.prefix = prefix
        self.nameEnd = nameEnd
    }
}

/// A call whose arguments stand between marks, each by itself: a text as it is, anything else as JSON.
package struct TaggedCall: Sendable, Equatable {
    package var nameOpen: String
    package var nameEnd: String
    package var keyOpen: String
    package var keyEnd: String
    /// Between the mark behind the key and the value; white space may stand in front of it.
    package var valueOpen = ""
    /// White space in front of ``valueOpen``, as the model writes it.
    package var valueGap = ""
    /// What stands in front of ``valueOpen`` where the value is a text, and where it is JSON; nil where only the tool's
    /// schema tells.
    package var textSign: String?
    package var jsonSign: String?
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
    /// Around the arguments.
    package var open = "("
    package var close = ")"
    /// Between an argument's name and its value.
    package var assignment = "="
    /// What a text is written between, beside quotation marks.
    package var quote: String?

    package init() {}
}
