import Foundation
import PinionLedger

extension AuditNote.Value {
    init(_ text: String?) {
        self = text.map { .text($0) } ?? .none
    }

    init(_ time: Date?) {
        self = time.map { .text(StoreTime.text($0)) } ?? .none
    }

    init(_ limits: Limits) {
        var members: [String: Self] = [:]
        for limit in Limit.allCases { members[limit.rawValue] = limits[limit].map { .number($0) } }
        self = members.isEmpty ? .none : .members(members)
    }

    init(_ models: [ModelPattern]?) {
        self = models.map { .list($0.map(\.text)) } ?? .none
    }

    init(_ metadata: [String: String]) {
        self = metadata.isEmpty ? .none : .members(metadata.mapValues { .text($0) })
    }
}
