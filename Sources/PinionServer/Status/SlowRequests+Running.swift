import TextGeneration

extension SlowRequests.Entry {
    /// What a request has taken that still runs.
    init(running record: RequestRecord, route: String) {
        let completion = record.completion
        self.init(
            requestID: record.id, key: record.tenant?.id ?? "", model: record.model ?? "", route: route,
            queued: completion?.timeToAcceptance, firstToken: completion?.timeToFirstText,
            total: record.start.duration(to: .now), promptTokens: completion?.promptTokens, generatedTokens: nil,
            outcome: Self.running, time: ServerActivity.milliseconds())
    }
}
