import PinionJSON

/// One model, as `GET /v1/models/{id}` shows it.
package struct Model: Sendable, Equatable {
    package var id: String
    /// Seconds since 1970.
    package var created: Int
    package var ownedBy: String
    /// Tokens of prompt and reply together.
    package var contextLength: Int
    package var isReady: Bool
    /// Further names that a request may use.
    package var aliases: [String]

    package init(
        id: String, created: Int, ownedBy: String, contextLength: Int, isReady: Bool = true, aliases: [String] = []
    ) {
        self.id = id
        self.created = created
        self.ownedBy = ownedBy
        self.contextLength = contextLength
        self.isReady = isReady
        self.aliases = aliases
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
        writer.raw(#","context_length":"#)
        writer.integer(contextLength)
        writer.raw(#","state":""#)
        writer.raw(isReady ? "ready" : "loading")
        writer.raw(#"","aliases":["#)
        writer.list(aliases) { $0.string($1) }
        writer.raw("]}")
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
