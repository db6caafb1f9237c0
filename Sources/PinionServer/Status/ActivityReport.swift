/// What a ``ServerActivity`` tells of one moment.
package struct ActivityReport: Sendable {
    /// A minute of the whole server.
    package struct Minute: Sendable, Equatable {
        package var requests = 0
        package var refusals = 0
        package var errors = 0
        package var promptTokens = 0
        package var cachedTokens = 0
        package var generatedTokens = 0
        package var mostRunning = 0
        package var mostWaiting = 0
        /// Percentiles in milliseconds; nil where nothing was measured.
        package var firstTokenP50: Double?
        package var firstTokenP95: Double?
        package var gapP50: Double?
        package var gapP95: Double?

        package init() {}

        mutating func take(_ models: ModelActivity.Minute) {
            (promptTokens, cachedTokens) = (models.promptTokens, models.cachedTokens)
            generatedTokens = models.generatedTokens
            (mostRunning, mostWaiting) = (models.mostRunning, models.mostWaiting)
            firstTokenP50 = models.firstToken.milliseconds(percentile: 50)
            firstTokenP95 = models.firstToken.milliseconds(percentile: 95)
            gapP50 = models.gap.milliseconds(percentile: 50)
            gapP95 = models.gap.milliseconds(percentile: 95)
        }
    }

    package struct Model: Sendable {
        package let id: String
        package let occupancy: ModelActivity.Occupancy
        /// Nil while it is loaded.
        package let memory: ModelActivity.Memory?
        /// Of the last seconds.
        package let tokensPerSecond: Double
        /// Of the last hour.
        package internal(set) var promptTokens = 0
        package internal(set) var cachedTokens = 0
        package internal(set) var generatedTokens = 0
    }

    package let uptime: Duration
    /// Time that the newest minute has had.
    package let minuteElapsed: Duration
    /// The oldest first.
    package let minutes: [Minute]
    package let models: [Model]
    package let slow: [SlowRequests.Entry]
    package let errors: [RecentErrors.Entry]
}
