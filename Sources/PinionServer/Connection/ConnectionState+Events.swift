package import PinionWire

/// What happens to a connection, and what is done about it.
extension ConnectionState {
    package enum Action: Equatable {
        /// Counts the connection in the census.
        case enter
        /// Takes the connection out of the census, and tells its requests that the client is gone.
        case leave
        /// Lets the census close the connection for others that wait.
        case offerPlace
        /// Withdraws the offer: the census may no longer close the connection.
        case keepPlace
        /// Tells the request that the client is gone.
        case announceDeparture
        /// Hands on what was read to the routes.
        case pass
        /// Tells the client to send its body.
        case sendContinue
        /// Answers a request that has no head, which the routes therefore never see.
        case refuse(APIError)
        /// Tells the reader of the body that it took too long; the reader answers.
        case failBody
        /// Closes our side, and reads what the client still sends.
        case closeOutput
        case close
        /// Closes at once and drops what the client left unread, so that the system does not keep it either.
        case abort
    }

    /// What was read.
    package enum Input: Equatable {
        case head(closes: Bool, expectsContinue: Bool)
        case body(bytes: Int)
        case end
    }

    /// A failure that the socket or the HTTP parser reported.
    package enum Failure: Equatable {
        /// The socket failed.
        case broken
        case headerTooLarge
        case notHTTP
        /// The client sent more bytes after the parser had given up.
        case bytesAfterFailure(bytes: Int)
    }
}
