import PinionWire
import Synchronization
package import TextGeneration

/// Decides whether a request may begin, and hears what it took: the place for limits, quotas and the ledger.
package protocol Admission: Sendable {
    /// - Returns: A ticket, which is settled with the request's outcome exactly once.
    /// - Throws: `APIError` for a request that is refused; anything else is the admission's own failure and becomes a 500.
    func admit(
        _ request: GenerationRequest, to model: ServedModel, for tenant: Tenant
    ) async throws -> AdmissionTicket
}

/// Admits every request, and keeps no account.
package struct OpenAdmission: Admission {
    package init() {}

    package func admit(
        _ request: GenerationRequest, to model: ServedModel, for tenant: Tenant
    ) async throws -> AdmissionTicket {
        AdmissionTicket()
    }
}

/// An admitted request's claim on its account.
///
/// Settled exactly once: with the outcome, or, should the request be lost before it had one, when the ticket is released.
package final class AdmissionTicket: Sendable {
    private let handler: Mutex<(@Sendable (Outcome) -> Void)?>

    /// - Parameter onSettle: Told the outcome once, on whichever thread ends the request. That may be the engine's, so it
    ///   must not block: what writes to a disk hands the outcome on.
    package init(onSettle: @escaping @Sendable (Outcome) -> Void = { _ in }) {
        handler = Mutex(onSettle)
    }

    deinit {
        settle(.unstarted(.failed(.internal)))
    }

    /// Settles the account; of several calls the first counts.
    package func settle(_ outcome: Outcome) {
        let handler = handler.withLock { $0.take() }
        handler?(outcome)
    }
}
