package import CoreMetrics

/// Handlers are the series themselves, so that all handlers of one name and one set of label values count together.
///
/// Destroying a handler removes its series, with what it counted, for everyone who holds it; a handler made
/// afterwards begins at 0. Two kinds of series stay: that of a metric without labels, which is always shown, and the
/// overflow series, which others share.
extension PrometheusRegistry: MetricsFactory {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(CounterSeries.self, label, dimensions) ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(CounterSeries.self, label, dimensions) ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(GaugeSeries.self, label, dimensions) ?? NOOPMetricsHandler.instance
    }

    /// A histogram's handler if it aggregates, else a gauge's, which holds the last value.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            series(HistogramSeries.self, label, dimensions) ?? NOOPMetricsHandler.instance
        } else {
            series(GaugeSeries.self, label, dimensions) ?? NOOPMetricsHandler.instance
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard let histogram = series(HistogramSeries.self, label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        precondition(histogram.unit == .seconds, "histogram '\(label)' is not in seconds, so it takes no timer")
        return histogram
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }

    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }

    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }

    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// The series of a declared metric; nil when the metric is not declared.
    private func series<Series: MetricSeries>(
        _ type: Series.Type, _ name: String, _ dimensions: [(String, String)]
    ) -> Series? {
        guard let family = family(named: name) else { return nil }
        guard let series = family.series(dimensions) as? Series else {
            preconditionFailure("metric '\(name)' is declared as a \(family.description.typeName), not as a \(type)")
        }
        return series
    }

    private func remove(_ handler: AnyObject) {
        guard let series = handler as? any MetricSeries else { return }
        family(named: series.identity.name)?.remove(series)
    }
}
