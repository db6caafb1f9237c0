import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("The format of a reply")
struct FormatTests {
    private static let schemaText = #"{"type":"object","properties":{"a":{"type":"integer"}}}"#
    private static let schema = parsed(schemaText)

    private static func parsed(_ text: String) -> JSONValue {
        do { return try JSONValue.parse(Array(text.utf8), limits: .body) } catch { return .null }
    }

    private static func escaped(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A way of asking for a format, and what becomes of it.
    struct Spelling: Sendable, CustomTestStringConvertible {
        var fields: String
        var format: OutputFormat
        var path: String?
        var testDescription: String { fields }

        init(_ fields: String, _ format: OutputFormat, _ path: String?) {
            self.fields = fields
            self.format = format
            self.path = path
        }
    }

    static let spellings: [Spelling] = [
        .init(#""response_format":{"type":"text"}"#, .text, nil),
        .init(#""response_format":null,"guided_json":null,"structured_outputs":null,"grammar":null"#, .text, nil),
        .init(#""response_format":{"type":"json_object"}"#, .jsonObject, "response_format.type"),
        .init(
            #""response_format":{"type":"json_object","schema":\#(schemaText)}"#,
            .jsonSchema(schema, isStrict: true), "response_format.schema"),
        .init(
            #""response_format":{"type":"json_schema","json_schema":{"name":"a","schema":\#(schemaText)}}"#,
            .jsonSchema(schema, isStrict: true), "response_format.json_schema.schema"),
        .init(
            #""response_format":{"type":"json_schema","json_schema":{"name":"A-b_9","description":"d","strict":true,"#
                + #""schema":\#(schemaText)}}"#,
            .jsonSchema(schema, isStrict: true), "response_format.json_schema.schema"),
        .init(
            #""response_format":{"type":"json_schema","json_schema":{"name":"a","strict":false,"schema":\#(schemaText)}}"#,
            .jsonSchema(schema, isStrict: false), "response_format.json_schema.schema"),
        .init(
            #""response_format":{"type":"json_schema","json_schema":{"name":"a","strict":null,"schema":null}}"#,
            .jsonObject, "response_format.json_schema"),
        .init(
            #""structured_outputs":{"json":\#(schemaText)}"#, .jsonSchema(schema, isStrict: true),
            "structured_outputs.json"),
        .init(
            #""structured_outputs":{"json":\#(escaped(schemaText))}"#, .jsonSchema(schema, isStrict: true),
            "structured_outputs.json"),
        .init(#""structured_outputs":{"regex":"a+"}"#, .pattern("a+"), "structured_outputs.regex"),
        .init(#""structured_outputs":{"choice":["a","b"]}"#, .choice(["a", "b"]), "structured_outputs.choice"),
        .init(
            #""structured_outputs":{"grammar":"root ::= \"a\""}"#, .grammar(#"root ::= "a""#, .gbnf),
            "structured_outputs.grammar"),
        .init(
            #""structured_outputs":{"grammar":"start: \"a\""}"#, .grammar(#"start: "a""#, .lark),
            "structured_outputs.grammar"),
        .init(#""structured_outputs":{"json_object":true}"#, .jsonObject, "structured_outputs.json_object"),
        .init(
            #""structured_outputs":{"regex":"a","json_object":false,"json":null,"disable_any_whitespace":false,"#
                + #""disable_additional_properties":false,"whitespace_pattern":"[ \\n\\t]*","disable_fallback":true}"#,
            .pattern("a"), "structured_outputs.regex"),
        .init(#""guided_json":\#(schemaText)"#, .jsonSchema(schema, isStrict: true), "guided_json"),
        .init(#""guided_json":\#(escaped(schemaText))"#, .jsonSchema(schema, isStrict: true), "guided_json"),
        .init(#""guided_regex":"""#, .pattern(""), "guided_regex"),
        .init(#""guided_choice":["",""]"#, .choice(["", ""]), "guided_choice"),
        .init(
            #""guided_grammar":"start: A\nA: \"::=\"""#, .grammar("start: A\nA: \"::=\"", .lark), "guided_grammar"),
        .init(#""json_schema":\#(schemaText)"#, .jsonSchema(schema, isStrict: true), "json_schema"),
        .init(#""grammar":"start: \"a\"""#, .grammar(#"start: "a""#, .gbnf), "grammar"),
        .init(
            #""response_format":{"type":"text"},"guided_choice":["a"]"#, .choice(["a"]), "guided_choice"),
    ]

    @Test("Every spelling asks for what it means", arguments: spellings)
    func spelling(_ spelling: Spelling) throws {
        let request = try decodeRequest(spelling.fields)
        #expect(request.generation.format == spelling.format)
        #expect(request.paths.format == spelling.path)
    }

    @Test(
        "A faulty format is refused with the path of its field",
        arguments: [
            (#""response_format":{"type":"json_schema"}"#, "missing_required_parameter", "response_format.json_schema"),
            (
                #""response_format":{"type":"json_schema","json_schema":{"schema":{}}}"#, "missing_required_parameter",
                "response_format.json_schema.name"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"a b","schema":{}}}"#, "invalid_value",
                "response_format.json_schema.name"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"","schema":{}}}"#, "invalid_value",
                "response_format.json_schema.name"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"\#(String(repeating: "a", count: 65))"}}"#,
                "invalid_value", "response_format.json_schema.name"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"a","schema":"{}"}}"#, "invalid_type",
                "response_format.json_schema.schema"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"a","strict":1}}"#, "invalid_type",
                "response_format.json_schema.strict"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"a","description":1}}"#,
                "invalid_type", "response_format.json_schema.description"
            ),
            (
                #""response_format":{"type":"json_schema","json_schema":{"name":"a","scheme":{}}}"#,
                "unknown_parameter", "response_format.json_schema.scheme"
            ),
            (#""response_format":{"type":"text","schema":{}}"#, "unknown_parameter", "response_format.schema"),
            (#""response_format":{"type":"structural_tag"}"#, "unsupported_value", "response_format.type"),
            (#""guided_json":"{""#, "invalid_value", "guided_json"),
            (#""guided_json":"[]""#, "invalid_type", "guided_json"),
            (#""guided_json":1"#, "invalid_type", "guided_json"),
            (#""guided_regex":1"#, "invalid_type", "guided_regex"),
            (#""guided_choice":"a""#, "invalid_type", "guided_choice"),
            (#""guided_choice":[]"#, "invalid_value", "guided_choice"),
            (#""guided_choice":["a",1]"#, "invalid_type", "guided_choice[1]"),
            (#""guided_grammar":"""#, "invalid_value", "guided_grammar"), (#""grammar":[]"#, "invalid_type", "grammar"),
            (#""json_schema":[]"#, "invalid_type", "json_schema"),
            (#""structured_outputs":{}"#, "invalid_value", "structured_outputs"),
            (#""structured_outputs":{"json_object":false}"#, "invalid_value", "structured_outputs"),
            (#""structured_outputs":[]"#, "invalid_type", "structured_outputs"),
            (#""structured_outputs":{"xml":1}"#, "unknown_parameter", "structured_outputs.xml"),
            (
                #""structured_outputs":{"json":{},"structural_tag":"x"}"#, "unsupported_parameter",
                "structured_outputs.structural_tag"
            ),
            (
                #""structured_outputs":{"regex":"a","disable_any_whitespace":true}"#, "invalid_value",
                "structured_outputs.disable_any_whitespace"
            ),
            (
                #""structured_outputs":{"json":{},"whitespace_pattern":" "}"#, "unsupported_value",
                "structured_outputs.whitespace_pattern"
            ),
            (
                #""structured_outputs":{"regex":"a","disable_additional_properties":true}"#, "invalid_value",
                "structured_outputs.disable_additional_properties"
            ),
        ])
    func refused(_ fields: String, _ code: String, _ param: String) {
        let error = requestError(fields)
        #expect(error?.status == 400)
        #expect(error?.type == "invalid_request_error")
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test(
        "Two formats are refused, and both are named",
        arguments: [
            (#""response_format":{"type":"json_object"},"guided_json":{}"#, "response_format.type", "guided_json"),
            (#""guided_regex":"a","guided_choice":["a"]"#, "guided_regex", "guided_choice"),
            (#""json_schema":{},"grammar":"root ::= \"a\"""#, "json_schema", "grammar"),
            (
                #""structured_outputs":{"regex":"a","choice":["a"]}"#, "structured_outputs.regex",
                "structured_outputs.choice"
            ),
            (
                #""structured_outputs":{"json_object":true},"guided_json":{}"#, "structured_outputs.json_object",
                "guided_json"
            ),
            // Also where they are the same.
            (#""guided_json":{},"json_schema":{}"#, "guided_json", "json_schema"),
        ])
    func contradiction(_ fields: String, _ first: String, _ second: String) {
        let error = requestError(fields)
        #expect(error?.code == "invalid_value")
        #expect(error?.param == second)
        #expect(
            error?.message
                == "Invalid '\(second)': '\(first)' and '\(second)' both say what the reply may be. Send one of them.")
    }

    @Test("Unknown fields of a format pass when the server allows them")
    func unknownAllowed() throws {
        let options = DecodingOptions(allowsUnknownFields: true)
        for format in [
            #""response_format":{"type":"json_object","x":1}"#, #""structured_outputs":{"json_object":true,"x":1}"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"a","x":1},"x":1}"#,
        ] {
            let body = #"{"model":"m","messages":[{"role":"user","content":"a"}],\#(format)}"#
            #expect(
                try ChatCompletionRequest.decode(Array(body.utf8), options: options).generation.format == .jsonObject)
        }
    }

    @Test("White space is forbidden where that is asked for, or where a pattern allows none as well")
    func whiteSpace() throws {
        for (field, isCompact) in [
            (#""disable_any_whitespace":true"#, true), (#""whitespace_pattern":"""#, true),
            (#""whitespace_pattern":"[ ]?""#, true), (#""whitespace_pattern":"\\s*""#, false),
            (#""whitespace_pattern":null"#, false),
            (#""disable_any_whitespace":true,"whitespace_pattern":"\\s*""#, true),
        ] {
            let request = try decodeRequest(#""structured_outputs":{"json_object":true,\#(field)}"#)
            #expect(request.generation.isFormatCompact == isCompact, "\(field)")
        }
    }

    @Test("A grammar is GBNF where a line defines a rule with `::=`, else Lark")
    func syntax() throws {
        let texts: [(String, GrammarSyntax)] = [
            ("root::=\"a\"", .gbnf), ("# a\n\n  root-2 \t::= b", .gbnf), ("a: b\r\nroot ::= a", .gbnf),
            ("start: \"root ::= a\"", .lark), ("::= a", .lark), ("// root ::= a", .lark), ("x", .lark),
            ("a :: = b", .lark),
        ]
        for (text, syntax) in texts {
            let request = try decodeRequest("\"guided_grammar\":\(Self.escaped(text))")
            #expect(request.generation.format == .grammar(text, syntax))
        }
    }

    @Test("Closing objects changes schemas only, and only where they do not say what further members may be")
    func closing() throws {
        let open = #"""
            {"properties":{"properties":{"properties":{}},"a":{"items":[{"patternProperties":{}}]}},
            "anyOf":[{"properties":{},"additionalProperties":{"properties":{}}},true],
            "default":{"properties":{}},"enum":[{"properties":{}}],"items":{"properties":{}},"$defs":{"x":{"properties":{}}}}
            """#
        let closed = #"""
            {"properties":{"properties":{"properties":{},"additionalProperties":false},
            "a":{"items":[{"patternProperties":{},"additionalProperties":false}]}},
            "anyOf":[{"properties":{},"additionalProperties":{"properties":{},"additionalProperties":false}},true],
            "default":{"properties":{}},"enum":[{"properties":{}}],
            "items":{"properties":{},"additionalProperties":false},
            "$defs":{"x":{"properties":{},"additionalProperties":false}},"additionalProperties":false}
            """#
        let request = try decodeRequest(
            #""structured_outputs":{"json":\#(open),"disable_additional_properties":true}"#)
        #expect(request.generation.format == .jsonSchema(Self.parsed(closed), isStrict: true))
    }
}

@Suite("Errors of a format")
struct FormatErrorTests {
    private static func wireError(
        _ code: GenerationError.Code, pointer: String?, field: String? = "guided_json"
    ) -> APIError? {
        APIError(
            GenerationError(code, "numbers cannot be compared", parameter: .format, pointer: pointer),
            requestedTokens: nil, paths: FieldPaths(format: field))
    }

    @Test("What a schema gets wrong is told with its place, and the field that the schema was sent in")
    func invalid() {
        let error = Self.wireError(.invalidParameter, pointer: "/properties/a/minimum")
        #expect(error?.status == 400 && error?.code == "invalid_value" && error?.param == "guided_json")
        #expect(error?.message == "Invalid 'guided_json': numbers cannot be compared (at '/properties/a/minimum').")
        #expect(
            Self.wireError(.invalidParameter, pointer: "")?.message
                == "Invalid 'guided_json': numbers cannot be compared (at its root).")
        #expect(
            Self.wireError(.invalidParameter, pointer: nil, field: nil)?.message
                == "Invalid 'response_format': numbers cannot be compared.")
    }

    @Test("An assertion that cannot be enforced is told with its JSON pointer")
    func unsupported() {
        let error = Self.wireError(.unsupportedParameter, pointer: "/not")
        #expect(error?.status == 400 && error?.code == "unsupported_value" && error?.param == "guided_json")
        #expect(
            error?.message
                == "Unsupported value: 'guided_json' does not support the schema at '/not' with this server: numbers "
                + "cannot be compared.")
    }

    @Test("A long pointer is cut at a character")
    func longPointer() throws {
        let pointer = "/" + String(repeating: "\u{1F600}", count: 1 << 16)
        let message = try #require(Self.wireError(.unsupportedParameter, pointer: pointer)?.message)
        #expect(message.utf8.count < 700)
        #expect(message.contains("\u{1F600}…'"))
    }

    @Test("A reply that cannot go on has an error of its own, which no client repeats")
    func nothingAllowed() {
        let error = APIError(
            GenerationError(.nothingAllowed, "Nothing can follow.", parameter: .format), requestedTokens: nil,
            paths: FieldPaths(format: "grammar"))
        #expect(error?.status == 400 && error?.code == "no_token_allowed" && error?.param == "grammar")
    }
}
