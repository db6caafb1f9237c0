import TextGeneration

extension ServerActivity {
    /// Whether requests to a route are counted: those of the API. Pages, reports, and what watches the server are not, or
    /// the status page would show those who look at it.
    static func counts(_ route: String) -> Bool { route.utf8.starts(with: "/v1/".utf8) }
}

extension ServerActivity.Answer {
    /// - Parameter route: The entry's, which has one.
    init(_ entry: AccessEntry, route: String, _ record: RequestRecord) {
        self.init(route: route, status: entry.status, failure: record.failure, requestID: record.id)
        guard let completion = entry.completion, let model = entry.model else { return }
        generation = SlowRequests.Entry(
            requestID: record.id, key: entry.tenant ?? "", model: model, route: route,
            queued: completion.timeToAcceptance, firstToken: completion.timeToFirstText, total: entry.elapsed,
            promptTokens: completion.promptTokens, generatedTokens: completion.usage?.completionTokens,
            outcome: entry.outcome?.description ?? "", time: ServerActivity.milliseconds())
    }
}
