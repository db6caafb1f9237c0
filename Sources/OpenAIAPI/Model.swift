import PinionJSON

/// One model, as `GET /v1/models/{id}` shows it.
package struct Model: Sendable, Equatable {
    package var id: String
    /// Seconds since 1970.
    package var created: Int
    package var ownedBy: String

    package init(id: String, created: Int, ownedBy: String) {
        self.id = id
        self.created = created
        self.ownedBy = ownedBy
    }

    /// The body of the reply.
    package var body: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.raw(#"{"id":"#)
        writer.string(id)
        writer.raw(#","object":"model","created":"#)
        writer.integer(created)
        writer.raw(#","owned_by":"#)
        writer.string(ownedBy)
        writer.raw("}")
    }
}

/// The models a key may use, as `GET /v1/models` shows them.
package struct ModelList: Sendable, Equatable {
    package var models: [Model]

    package init(_ models: [Model]) {
        self.models = models
    }

    /// The body of the reply.
    package var body: [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"object":"list","data":["#)
        writer.list(models) { $1.write(to: &$0) }
        writer.raw("]}")
        return writer.bytes
    }
}
