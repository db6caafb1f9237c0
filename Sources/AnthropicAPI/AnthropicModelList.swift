import Foundation
import PinionJSON
package import PinionWire
package import TextGeneration

/// One model, as `GET /v1/models/{id}` shows it to a client of Anthropic's.
package struct AnthropicModel: Sendable, Equatable {
    package var model: ServedModel

    package init(_ model: ServedModel) {
        self.model = model
    }

    /// The body of the reply.
    package var body: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// The last second of the year 9999, after which RFC 3339 has no years.
    private static let lastSecond = 253_402_300_799

    /// A time as RFC 3339 spells it, in UTC and whole seconds: `2026-11-27T06:41:04Z`.
    ///
    /// - Parameter seconds: Since 1970; a time before it or after the year 9999 is shown as the nearest one within.
    private static func time(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(min(max(seconds, 0), lastSecond))).formatted(.iso8601)
    }

    func write(to writer: inout JSONWriter) {
        writer.raw(#"{"type":"model","id":"#)
        writer.string(model.id)
        writer.raw(#","display_name":"#)
        writer.string(model.id)
        writer.raw(#","created_at":"#)
        writer.string(Self.time(model.created))
        writer.raw(#","max_input_tokens":"#)
        writer.integer(model.contextLength)
        writer.raw(#","max_tokens":"#)
        writer.integer(model.contextLength)
        writer.raw(#","lifecycle":"active","deprecated_at":null,"retires_at":null,"line":null,"capabilities":null}"#)
    }
}

/// The models a key may use, as `GET /v1/models` shows them to a client of Anthropic's: one page of them.
package struct AnthropicModelList: Sendable, Equatable {
    /// Most models on a page, and how many there are unless the client says.
    package static let limitRange: ClosedRange<Int64> = 1...1_000
    package static let defaultLimit = 20

    /// The models of the page.
    package let models: [ServedModel]
    /// Whether there are more in the direction that was asked for.
    package let hasMore: Bool

    /// - Parameters:
    ///   - models: All that the key may use.
    ///   - afterID: `after_id` of the query: the page begins after this model.
    ///   - beforeID: `before_id` of the query: the page ends before this model.
    ///   - limit: `limit` of the query as it was written.
    /// - Throws: ``PinionWire/APIError`` of status 400 that names the parameter at fault.
    package init(
        _ models: [ServedModel], afterID: String? = nil, beforeID: String? = nil, limit: String? = nil
    ) throws(APIError) {
        let most = try Self.limit(limit)
        if afterID != nil, beforeID != nil {
            throw .invalidValue("before_id", "'after_id' and 'before_id' name different pages. Send one of them.")
        }
        if let beforeID {
            let candidates = models[..<(try Self.place(of: beforeID, "before_id", in: models))]
            self.models = Array(candidates.suffix(most))
            hasMore = candidates.count > most
        } else {
            let start = try afterID.map { (id) throws(APIError) in try Self.place(of: id, "after_id", in: models) + 1 }
            let candidates = models[(start ?? 0)...]
            self.models = Array(candidates.prefix(most))
            hasMore = candidates.count > most
        }
    }

    private static func place(of id: String, _ name: String, in models: [ServedModel]) throws(APIError) -> Int {
        let word = ProtocolWord(id)
        guard let place = models.firstIndex(where: { ProtocolWord($0.id) == word }) else {
            throw .invalidValue(name, "there is no model '\(APIError.quoted(id))'.")
        }
        return place
    }

    private static func limit(_ text: String?) throws(APIError) -> Int {
        guard let text else { return defaultLimit }
        guard let number = Int64(text) else { throw .invalidType("limit", expected: "an integer", got: "a string") }
        if number < limitRange.lowerBound {
            throw .integerBelowMinimum("limit", minimum: "\(limitRange.lowerBound)", got: text)
        }
        if number > limitRange.upperBound {
            throw .integerAboveMaximum("limit", maximum: "\(limitRange.upperBound)", got: text)
        }
        return Int(number)
    }

    /// The body of the reply.
    package var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"data":["#)
        writer.list(models) { AnthropicModel($1).write(to: &$0) }
        writer.raw(#"],"has_more":"#)
        writer.value(.bool(hasMore))
        writer.raw(#","first_id":"#)
        writer.stringOrNull(models.first?.id)
        writer.raw(#","last_id":"#)
        writer.stringOrNull(models.last?.id)
        writer.raw("}")
        return writer.bytes
    }
}
