package import OpenAIAPI

/// What happens to a connection, and what is done about it.
extension ConnectionState {
    package enum Action: Equatable {
        /// Counts the connection in the census.
        case enter
        /// Takes it out of the census, and tells its requests that the client is gone.
        case leave
        /// Lets the census close the connection for others that wait.
        case offerPlace
        /// Takes that back.
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

    /// What went wrong below.
    package enum Failure: Equatable {
        /// The socket failed.
        case broken
        case headerTooLarge
        case notHTTP
        /// More bytes behind what was not HTTP.
        case moreOfThat(bytes: Int)
    }
}
