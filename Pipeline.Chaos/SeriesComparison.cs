using Pipeline.Chaos.Series;
using Pipeline.Host.Configuration;
using Pipeline.Host.Kafka;

namespace Pipeline.Chaos;

/// <summary>Compares everything that was written with what an uninterrupted run writes.</summary>
internal static class SeriesComparison
{
    /// <summary>
    /// Reads InfluxDB, the topics of results and events, and the dead letters of a ward that has ended and is stored to its end. Answers the figures, each with
    /// its limit of 0, and a few of the differences, a line each.
    /// </summary>
    public static async Task<(IReadOnlyList<ChaosFigure> Figures, IReadOnlyList<string> Examples)> RunAsync(ChaosScene scene, CancellationToken stop)
    {
        var topology = PipelineSettings.From(Settings.Load(null, scene.WorkerSettings)).Topology;
        var (stored, published, told) = (new SeriesDifference(), new SeriesDifference(), new SeriesDifference());
        var results = (await ResultsReader.ReadAsync(scene.KafkaOptions, scene.Time, stop)).ToLookup(point => point.Patient.Value);
        var events = (await ResultsReader.ReadAsync(scene.KafkaOptions, scene.Time, stop, scene.KafkaOptions.EventsTopic)).ToLookup(point => point.Patient.Value);
        await foreach (var (patient, expected) in scene.Ward.ExpectAsync(topology, scene.Time).WithCancellation(stop))
        {
            stored.Compare(patient, expected, await scene.Influx.ReadAsync(patient, stop));
            published.Compare(patient, expected, results[patient]);
            told.Compare(patient, expected.Where(one => one.Value.Said.Length > 0 || one.Value.Event.Kind.Length > 0).ToDictionary(), events[patient]);
        }
        var deadLetters = 0L;
        await TopicScan.ReadAsync(scene.KafkaOptions, scene.KafkaOptions.DeadLettersTopic, _ => deadLetters++, scene.Time, stop);
        return (
            [.. FiguresOf("stored", stored), .. FiguresOf("results topic", published), .. FiguresOf("events topic", told), new ChaosFigure("dead letters", deadLetters, "records", Limit: 0)],
            [.. stored.Examples, .. published.Examples, .. told.Examples]);
    }

    private static IEnumerable<ChaosFigure> FiguresOf(string where, SeriesDifference difference) =>
    [
        new($"{where}: expected", difference.Expected, "points"),
        new($"{where}: missing", difference.Missing, "points", Limit: 0),
        new($"{where}: different", difference.Different, "points", Limit: 0),
        new($"{where}: not expected", difference.Unexpected, "points", Limit: 0),
    ];
}
