import PinionJSON

/// The JSON object that a hub answers with, read without trust in its shape.
struct HubReply {
    private static let limits = JSONLimits(depth: 32, values: 1_000_000)

    let object: JSONObject
    private let source: String

    /// - Throws: `unexpectedReply`.
    init(_ bytes: [UInt8], _ source: String) throws(CatalogError) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes, limits: Self.limits)
        } catch {
            throw CatalogError(.unexpectedReply, "\(source): the hub's answer is not JSON: \(error)")
        }
        guard case .object(let object) = value else {
            throw CatalogError(.unexpectedReply, "\(source): the hub's answer is \(value.typeName), not an object")
        }
        self.init(object, source)
    }

    private init(_ object: JSONObject, _ source: String) {
        self.object = object
        self.source = source
    }

    func text(_ name: String) -> String? {
        if case .string(let text)? = object[name] { text } else { nil }
    }

    func member(_ name: String) -> HubReply? {
        if case .object(let object)? = object[name] { HubReply(object, source) } else { nil }
    }

    /// - Throws: `unexpectedReply` when there is none.
    func required(_ name: String) throws(CatalogError) -> String {
        guard let text = text(name) else { throw wrong("has no text '\(name)'") }
        return text
    }

    /// A number of bytes.
    func size(_ name: String) throws(CatalogError) -> Int {
        guard case .integer(let size)? = object[name], size >= 0 else { throw wrong("has no size '\(name)'") }
        guard size <= RemoteFile.maximumSize else { throw wrong("names a size of \(size) bytes") }
        return Int(size)
    }

    /// - Throws: `unexpectedReply` when there is no list, or one of other things than objects, or of more than `limit`.
    func objects(_ name: String, limit: Int) throws(CatalogError) -> [HubReply] {
        guard case .array(let values)? = object[name] else { throw wrong("has no list '\(name)'") }
        guard values.count <= limit else { throw wrong("lists \(values.count) files, more than \(limit)") }
        var objects: [HubReply] = []
        for value in values {
            guard case .object(let object) = value else { throw wrong("has \(value.typeName) in '\(name)'") }
            objects.append(HubReply(object, source))
        }
        return objects
    }

    func wrong(_ what: String) -> CatalogError {
        CatalogError(.unexpectedReply, "\(source): the hub's answer \(what)")
    }
}
