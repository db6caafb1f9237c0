import Hummingbird
import PinionJSON
import PinionWire
import TextGeneration

/// `GET /v1/usage`: what the key that asks, and its owner, may take and have taken.
struct UsageRoute: Sendable {
    let admission: any Admission

    var route: Route {
        Route(path: "/v1/usage") { _, context in
            guard let tenant = context.tenant else { throw APIError.missingKey }
            guard let use = try await admission.use(by: tenant) else { throw APIError.noAccounts }
            return Response(json: use.body)
        }
    }
}

extension APIError {
    fileprivate static let noAccounts = APIError(
        status: 404, message: "This server asks for no API keys and keeps no accounts.", type: "invalid_request_error")
}

extension AdmissionUse {
    /// Costs are nano-units of the currency.
    fileprivate var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"object":"usage","currency":"#)
        writer.string(currency)
        writer.raw(#","key":"#)
        Self.write(key, to: &writer)
        writer.raw(#","owner":"#)
        if let owner { Self.write(owner, to: &writer) } else { writer.raw("null") }
        writer.raw("}")
        return writer.bytes
    }

    private static func write(_ part: Part, to writer: inout JSONWriter) {
        writer.raw(#"{"id":"#)
        writer.string(part.name)
        writer.raw(#","limits":{"#)
        for (index, limit) in part.limits.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.string(limit.name)
            writer.raw(":")
            writer.integer(limit.value)
        }
        writer.raw(#"},"day":"#)
        write(part.day, to: &writer)
        writer.raw(#","month":"#)
        write(part.month, to: &writer)
        writer.raw(#","total":"#)
        write(part.total, to: &writer)
        writer.raw(#","reserved":"#)
        write(part.reserved, to: &writer)
        writer.raw(#","running":"#)
        writer.integer(part.running)
        writer.raw("}")
    }

    private static func write(_ amount: Amount, to writer: inout JSONWriter) {
        writer.raw(#"{"tokens":"#)
        writer.integer(amount.tokens)
        writer.raw(#","cost":"#)
        writer.integer(amount.cost)
        writer.raw("}")
    }
}
