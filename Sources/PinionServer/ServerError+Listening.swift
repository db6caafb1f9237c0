import Foundation
import NIOCore

extension ServerError {
    /// Why the server could not listen, in a sentence for whoever started it; nil for a failure of another kind.
    package init?(listeningWith configuration: ServerConfiguration, failure: any Error) {
        let place = "port \(configuration.port) of \(configuration.host)"
        switch failure {
        case is SocketAddressError.UnknownHost:
            self.init(.unknownHost, "there is no host named '\(configuration.host)'", cause: failure)
        case let failure as IOError:
            let reason = String(cString: strerror(failure.errnoCode))
            switch failure.errnoCode {
            case EADDRINUSE: self.init(.portInUse, "\(place) is in use by another program", cause: failure)
            case EACCES: self.init(.portForbidden, "\(place) needs rights that this program lacks", cause: failure)
            case EADDRNOTAVAIL:
                self.init(.foreignAddress, "\(configuration.host) is no address of this machine", cause: failure)
            default: self.init(.cannotListen, "cannot listen on \(place): \(reason)", cause: failure)
            }
        default: return nil
        }
    }
}
