using System.Diagnostics.Metrics;

namespace Pipeline.Actors;

/// <summary>
/// The instruments of meter <see cref="MeterName"/> for the flow, read from the shards' <see cref="Counts"/> when somebody looks: counting
/// costs the hot path a plain addition. Names and units follow OpenTelemetry's conventions for metrics (semconv 1.27, "General").
/// </summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>Name of the meter of every instrument of the pipeline.</summary>
    public const string MeterName = "Pipeline";

    private static readonly (string Name, string Unit, string Description, (Count Count, string Tag)[] Parts)[] Counters =
    [
        ("pipeline.records", "{record}", "Records that shards took, by what the decoder said", [(Count.Records, ""), (Count.RecordsRefused, "refused")]),
        ("pipeline.chunks", "{chunk}", "Chunks by what became of them",
        [
            (Count.ChunksTaken, "taken"), (Count.ChunksOverlapping, "overlapping"), (Count.ChunksDuplicate, "duplicate"),
            (Count.ChunksLate, "late"), (Count.ChunksRefused, "refused"), (Count.ChunksFailed, "failed"),
        ]),
        ("pipeline.samples", "{sample}", "Stored samples by what became of them",
            [(Count.SamplesTaken, "taken"), (Count.SamplesDropped, "dropped"), (Count.SamplesRefused, "refused"), (Count.SamplesMissing, "missing")]),
        ("pipeline.gaps", "{gap}", "Gaps between chunks", [(Count.Gaps, "")]),
        ("pipeline.windows", "{window}", "Windows given to the estimators", [(Count.Windows, "")]),
        ("pipeline.estimates", "{estimate}", "Estimates, with or without a value", [(Count.Estimates, "")]),
        ("pipeline.values", "{estimate}", "Estimates with a value", [(Count.Values, "")]),
        ("pipeline.beats", "{beat}", "Beats found", [(Count.Beats, "")]),
        ("pipeline.questions", "{window}", "Windows that networks were asked about, by what became of them",
            [(Count.Questions, "asked"), (Count.Answers, "answered"), (Count.AnswersFailed, "failed"), (Count.QuestionsDropped, "dropped")]),
        ("pipeline.model.switches", "{switch}", "Shards that changed to a new version of a model", [(Count.ModelSwitches, "")]),
        ("pipeline.streams.begun", "{stream}", "Device streams begun: new devices and new epochs", [(Count.StreamsBegun, "")]),
        ("pipeline.streams.lost", "{stream}", "Device streams begun anew because a chunk failed with their state and not without it", [(Count.StreamsBegunAnew, "")]),
        ("pipeline.anchor.moves", "{move}", "Time anchors moved because a device's clock and sample count drifted apart", [(Count.AnchorMoves, "")]),
        ("pipeline.patients.events", "{event}", "What happened to patient actors",
        [
            (Count.PatientsCreated, "created"), (Count.PatientsPassivated, "passivated"), (Count.PatientsNotPassivated, "not_passivated"),
            (Count.PatientsForgotten, "forgotten"), (Count.PatientsRestarted, "restarted"),
            (Count.PatientsInTwoShards, "in_two_shards"),
        ]),
        ("pipeline.batches", "{batch}", "Batches handed to the sinks, and acknowledged", [(Count.Batches, "handed_over"), (Count.BatchesAcknowledged, "acknowledged")]),
    ];

    // 250 ms is what is promised from sample to store; the rest around it.
    private static readonly double[] LatencySeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _latency;

    public Telemetry(Partitions shards)
    {
        foreach (var (name, unit, description, parts) in Counters)
            _meter.CreateObservableCounter(name, () => Measure(shards.Total(), parts), unit, description);
        _meter.CreateObservableGauge("pipeline.mailbox.depth", () => PerShard(shards, s => s.WaitingCount), "{record}", "Records that wait in a shard's mailbox");
        _meter.CreateObservableGauge("pipeline.batches.in_flight", () => PerShard(shards, s => s.InFlightCount), "{batch}", "Batches that wait for their acknowledgement");
        _meter.CreateObservableGauge("pipeline.patients", () => PerShard(shards, s => s.PatientCount), "{patient}", "Patients in memory");
        _meter.CreateObservableGauge("pipeline.questions.open", () => PerShard(shards, s => s.QuestionCount), "{window}", "Windows that wait for a network's answer");
        _meter.CreateObservableGauge("pipeline.devices.silent", () => PerShard(shards, s => s.SilentCount), "{device}", "Devices of which nothing came for Topology:SilentAfter");
        _latency = _meter.CreateHistogram(
            "pipeline.latency", "s", "From a batch's newest record entering its mailbox to the batch's acknowledgement", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencySeconds });
    }

    public void RecordLatency(double seconds) => _latency.Record(seconds);

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> Measure(Counts counts, (Count Count, string Tag)[] parts)
    {
        foreach (var (count, tag) in parts)
            yield return tag.Length == 0 ? new Measurement<long>(counts[count]) : new Measurement<long>(counts[count], new KeyValuePair<string, object?>("fate", tag));
    }

    private static IEnumerable<Measurement<int>> PerShard(Partitions shards, Func<Partition, int> value)
    {
        foreach (var shard in shards.Snapshot())
            yield return new Measurement<int>(value(shard), new KeyValuePair<string, object?>("shard", shard.Number));
    }
}
