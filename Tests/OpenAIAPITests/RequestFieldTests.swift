import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

/// The body of a valid request with further fields.
func requestBody(_ fields: String = "") -> [UInt8] {
    let tail = fields.isEmpty ? "" : "," + fields
    return Array((#"{"model":"m","messages":[{"role":"user","content":"Hi"}]"# + tail + "}").utf8)
}

func decodeRequest(_ fields: String = "") throws -> ChatCompletionRequest {
    try ChatCompletionRequest.decode(requestBody(fields))
}

/// The error of a request with further fields.
func requestError(_ fields: String) -> APIError? {
    #expect(throws: APIError.self) { try decodeRequest(fields) }
}

@Suite("Numeric fields of a request")
struct NumericFieldTests {
    struct Field: Sendable, CustomTestStringConvertible {
        var name: String
        var isInteger: Bool
        /// What comes of -1, 0, 2^31, 2^63, in this order; nil is accepted.
        var minusOne: String?
        var zero: String?
        var twoTo31: String?
        var twoTo63: String?
        /// A field that must stand beside this one.
        var beside = ""
        var testDescription: String { name }

        static func integer(_ name: String, _ minusOne: String?, _ zero: String?, _ big: String?, beside: String = "")
            -> Field
        {
            Field(
                name: name, isInteger: true, minusOne: minusOne, zero: zero, twoTo31: big,
                twoTo63: "integer_above_max_value", beside: beside)
        }

        static func decimal(_ name: String, _ minusOne: String?, _ zero: String?) -> Field {
            let above = "decimal_above_max_value"
            return Field(name: name, isInteger: false, minusOne: minusOne, zero: zero, twoTo31: above, twoTo63: above)
        }
    }

    private static let above = "integer_above_max_value"
    private static let below = "integer_below_min_value"
    private static let belowDecimal = "decimal_below_min_value"

    static let fields: [Field] = [
        .integer("max_tokens", below, below, above),
        .integer("max_completion_tokens", below, below, above),
        .integer("n", below, below, above),
        .integer("seed", nil, nil, nil),
        .integer("top_k", nil, nil, above),
        .integer("top_logprobs", below, nil, above, beside: #""logprobs":true,"#),
        .decimal("temperature", belowDecimal, nil),
        .decimal("top_p", belowDecimal, belowDecimal),
        .decimal("min_p", belowDecimal, nil),
        .decimal("presence_penalty", nil, nil),
        .decimal("frequency_penalty", nil, nil),
        .decimal("repetition_penalty", belowDecimal, belowDecimal),
    ]

    private func check(_ field: Field, _ value: String, _ code: String?) {
        let json = #"\#(field.beside)"\#(field.name)":\#(value)"#
        guard let code else {
            #expect(throws: Never.self, "\(json)") { try decodeRequest(json) }
            return
        }
        let error = requestError(json)
        #expect(error?.status == 400, "\(json)")
        #expect(error?.type == "invalid_request_error")
        #expect(error?.code == code, "\(json)")
        #expect(error?.param == field.name)
    }

    @Test("Every numeric field meets hostile values with the table of errors", arguments: fields)
    func matrix(_ field: Field) {
        check(field, "-1", field.minusOne)
        check(field, "0", field.zero)
        check(field, "2147483648", field.twoTo31)
        check(field, "9223372036854775808", field.twoTo63)
        check(field, "1e308", field.isInteger ? "invalid_type" : "decimal_above_max_value")
        check(field, "-1e308", field.isInteger ? "invalid_type" : "decimal_below_min_value")
        check(field, "-9223372036854775809", field.isInteger ? "integer_below_min_value" : "decimal_below_min_value")
        for value in [#""1""#, #""NaN""#, "true", "[1]", "{}"] { check(field, value, "invalid_type") }
        if field.isInteger { for value in ["3.0", "1.5", "1e0"] { check(field, value, "invalid_type") } }
        for value in ["NaN", "Infinity", "-Infinity", "1e400"] {
            let error = requestError(#"\#(field.beside)"\#(field.name)":\#(value)"#)
            #expect(error?.status == 400 && error?.code == nil && error?.param == nil)
        }
    }

    @Test("Null means the default", arguments: fields)
    func null(_ field: Field) throws {
        let plain = try decodeRequest(String(field.beside.dropLast()))
        #expect(try decodeRequest(#"\#(field.beside)"\#(field.name)":null"#) == plain)
    }

    @Test("Bounds are inside, the open end of top_p is not")
    func bounds() throws {
        #expect(try decodeRequest(#""temperature":2"#).generation.sampling.temperature == 2)
        #expect(try decodeRequest(#""temperature":0.0"#).generation.sampling.temperature == 0)
        #expect(try decodeRequest(#""top_p":1"#).generation.sampling.topP == 1)
        #expect(try decodeRequest(#""top_p":0.1"#).generation.sampling.topP == 0.1)
        #expect(
            try decodeRequest(#""presence_penalty":-2,"frequency_penalty":2"#).generation.sampling.presencePenalty == -2
        )
        #expect(try decodeRequest(#""n":8"#).generation.choices == 8)
        #expect(try decodeRequest(#""seed":-9223372036854775808"#).generation.sampling.seed == .min)
        #expect(try decodeRequest(#""max_tokens":2147483647"#).generation.maximumTokens == 2_147_483_647)
        #expect(
            requestError(#""top_p":0"#)?.message
                == "Invalid 'top_p': decimal below minimum value. Expected a value > 0, but got 0 instead.")
        #expect(
            requestError(#""temperature":2.1"#)?.message
                == "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.1 instead.")
        #expect(
            requestError(#""n":18446744073709551616"#)?.message
                == "Invalid 'n': integer above maximum value. Expected a value <= 8, but got 18446744073709551616 instead."
        )
        #expect(
            requestError(#""max_tokens":5.5"#)?.message
                == "Invalid type for 'max_tokens': expected an integer, but got a decimal number instead.")
    }

    @Test("The spellings of off are off")
    func off() throws {
        #expect(try decodeRequest(#""top_k":-1"#).generation.sampling.topK == 0)
        #expect(try decodeRequest(#""top_k":0"#).generation.sampling.topK == 0)
        #expect(try decodeRequest(#""top_k":40"#).generation.sampling.topK == 40)
        #expect(requestError(#""top_k":-2"#)?.code == "integer_below_min_value")
        #expect(try decodeRequest(#""min_p":0"#).generation.sampling.minP == 0)
        #expect(try decodeRequest(#""min_p":0.05"#).generation.sampling.minP == 0.05)
        #expect(try decodeRequest(#""repetition_penalty":1.0"#).generation.sampling.repetitionPenalty == 1)
        #expect(try decodeRequest(#""repetition_penalty":1.1"#).generation.sampling.repetitionPenalty == 1.1)
    }

    @Test("Both spellings of the token limit must agree")
    func tokenLimit() throws {
        #expect(try decodeRequest(#""max_tokens":5,"max_completion_tokens":5"#).generation.maximumTokens == 5)
        #expect(try decodeRequest(#""max_completion_tokens":7"#).generation.maximumTokens == 7)
        #expect(try decodeRequest().generation.maximumTokens == nil)
        #expect(requestError(#""max_tokens":5,"max_completion_tokens":6"#)?.code == "invalid_value")
    }
}
