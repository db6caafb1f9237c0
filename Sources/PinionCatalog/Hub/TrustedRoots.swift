package import AsyncHTTPClient
import Foundation
import NIOSSL

/// The authorities that connections over TLS trust. The system's count, unless `SSL_CERT_FILE` names a file of others.
///
/// The variable is that of OpenSSL, curl and Python: it is set already where a company's proxy inspects connections.
package enum TrustedRoots {
    static let variable = "SSL_CERT_FILE"

    /// Makes a configuration trust the file's authorities; without the variable it stays as it is.
    ///
    /// - Throws: ``CatalogError`` for a file that cannot be read or holds no certificate.
    package static func apply(
        to configuration: inout HTTPClient.Configuration,
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CatalogError) {
        guard let path = environment[variable], !path.isEmpty else { return }
        func unusable(_ reason: String) -> CatalogError {
            CatalogError(
                .invalidCertificates, "\(variable) is \(path): \(reason); expected a file of certificates in PEM")
        }
        // Opened first, because the library of TLS tells no reason.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unusable(String(cString: strerror(errno))) }
        close(descriptor)
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw unusable("holds no certificate")
        }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.trustRoots = .certificates(certificates)
        configuration.tlsConfiguration = settings
    }
}
