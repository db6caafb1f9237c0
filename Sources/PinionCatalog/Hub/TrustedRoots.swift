package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL

/// Whom connections over TLS trust: the system's authorities, or those of the file that `SSL_CERT_FILE` names.
///
/// The variable is that of OpenSSL, curl and Python: where a company's proxy opens connections, it is set already.
package enum TrustedRoots {
    static let variable = "SSL_CERT_FILE"

    /// - Throws: ``CatalogError`` for a file that cannot be read or holds no certificate.
    package static func apply(
        to configuration: inout HTTPClient.Configuration,
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CatalogError) {
        guard let path = environment[variable], !path.isEmpty else { return }
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "holds no certificate"
            throw CatalogError(
                .invalidReference, "\(variable) is \(path): \(reason); expected a file of certificates in PEM")
        }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.trustRoots = .certificates(certificates)
        configuration.tlsConfiguration = settings
    }
}
