import Foundation
import PinionServer
import PinionStore

/// Signs the page in: gives a key of the store for the code of the link that a start prints.
///
/// Every sign-in gets a secret of one key, named `page` and without an owner, which an operator finds, limits and revokes
/// like any other key. A sign-in rotates it: the secrets of earlier ones stay good for ``grace``.
struct PageSignIn: SignIn {
    static let keyName = "page"
    /// Time that a link is good for.
    static let lifetime = Duration.seconds(600)
    static let lifetimeText = "ten minutes"
    /// Time that a browser stays signed in after a later one was. A month, so that a browser in use is not signed out
    /// by the next start, and the secret of a browser that is used no more ends.
    static let grace = Duration.seconds(30 * 86_400)

    private let store: KeyStore
    private let code = OneTimeCode()
    /// The store blocks.
    private let exchanging = DispatchQueue(label: "pinion.sign-in")

    init(store: KeyStore) {
        self.store = store
    }

    /// The code of a new link; the link before it is good no more.
    func makeCode() -> String { code.make(lasting: Self.lifetime) }

    func exchange(_ text: String) async throws -> SignInKey? {
        try await withCheckedThrowingContinuation { continuation in
            exchanging.async {
                continuation.resume(with: Result { try code.redeem(text) { try issue() } })
            }
        }
    }

    private func issue() throws -> SignInKey {
        let now = Date()
        let known = try store.list().last { record in
            record.name.utf8.elementsEqual(Self.keyName.utf8) && record.owner == nil && record.revoked == nil
                && !record.hasExpired(at: now)
        }
        let issued =
            if let known {
                try store.rotate(known.id, grace: Self.grace)
            } else {
                try store.create(name: Self.keyName)
            }
        return SignInKey(
            secret: issued.secret, expires: issued.record.expires.map { Int($0.timeIntervalSince1970) })
    }
}
