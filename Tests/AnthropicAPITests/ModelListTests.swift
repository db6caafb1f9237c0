import AnthropicAPI
import PinionJSON
import PinionWire
import Testing
import TextGeneration

@Suite("Models as Anthropic's clients list them")
struct ModelListTests {
    private static func models(_ ids: [String]) -> [ServedModel] {
        ids.map { ServedModel(id: $0, created: 0, owner: "o", fingerprint: "f", contextLength: 8) }
    }

    private static let five = models(["a", "b", "c", "d", "e"])

    @Test("A model is told byte for byte")
    func model() {
        let model = ServedModel(id: "a/b", created: 1_795_761_664, owner: "o", fingerprint: "f", contextLength: 8_192)
        #expect(
            String(decoding: AnthropicModel(model).body, as: UTF8.self) == #"""
                {"type":"model","id":"a/b","display_name":"a/b","created_at":"2026-11-27T06:41:04Z","max_input_tokens":8192,"max_tokens":8192,"lifecycle":"active","deprecated_at":null,"retires_at":null,"line":null,"capabilities":null}
                """#)
    }

    @Test("A list names its ends")
    func list() throws {
        let list = try JSONValue.parse(AnthropicModelList(Self.five).body, limits: .body)
        #expect(list.names == ["data", "has_more", "first_id", "last_id"])
        #expect(list.member("has_more") == .bool(false))
        #expect(list.member("first_id") == "a" && list.member("last_id") == "e")
        #expect(list.member("data")?.element(4)?.member("id") == "e")
        let empty = String(decoding: try AnthropicModelList([]).body, as: UTF8.self)
        #expect(empty == #"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#)
    }

    @Test(
        "Pages are cut as the query says",
        arguments: [
            (nil, nil, nil, "abcde", false), (nil, nil, "2", "ab", true), ("b", nil, "2", "cd", true),
            ("c", nil, "2", "de", false), ("e", nil, nil, "", false), (nil, "c", nil, "ab", false),
            (nil, "e", "2", "cd", true), (nil, "a", "1", "", false), (nil, nil, "1000", "abcde", false),
        ] as [(String?, String?, String?, String, Bool)])
    func pages(_ after: String?, _ before: String?, _ limit: String?, _ ids: String, _ hasMore: Bool) throws {
        let list = try AnthropicModelList(Self.five, afterID: after, beforeID: before, limit: limit)
        #expect(list.models.map(\.id).joined() == ids && list.hasMore == hasMore)
    }

    @Test("20 models are on a page unless the client says otherwise")
    func defaultLimit() throws {
        let list = try AnthropicModelList(Self.models((0..<21).map { "\($0)" }))
        #expect(list.models.count == 20 && list.hasMore)
    }

    @Test(
        "A query that cannot be followed is refused",
        arguments: [
            ("x", nil, nil, "after_id"), (nil, "x", nil, "before_id"), ("a", "b", nil, "before_id"),
            (nil, nil, "0", "limit"), (nil, nil, "1001", "limit"), (nil, nil, "two", "limit"), (nil, nil, "", "limit"),
            (nil, nil, "99999999999999999999", "limit"),
        ] as [(String?, String?, String?, String)])
    func errors(_ after: String?, _ before: String?, _ limit: String?, _ param: String) {
        let error = #expect(throws: APIError.self) {
            try AnthropicModelList(Self.five, afterID: after, beforeID: before, limit: limit)
        }
        #expect(error?.status == 400 && error?.param == param)
    }

    @Test(
        "Times are spelled in UTC, and never outside of the years that have four digits",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (1_735_689_599, "2024-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (Int.max, "9999-12-31T23:59:59Z"), (-1, "1970-01-01T00:00:00Z"),
            (Int.min, "1970-01-01T00:00:00Z"),
        ])
    func times(_ seconds: Int, _ text: String) throws {
        let model = ServedModel(id: "a", created: seconds, owner: "o", fingerprint: "f", contextLength: 8)
        let value = try JSONValue.parse(AnthropicModel(model).body, limits: .body)
        #expect(value.member("created_at") == .string(text))
    }
}
