using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Networks fitted as <c>pipeline train qrs</c> does, each without one of six groups of records (names in order dealt out in turn; 118 and 119 of the noise
/// test together).
/// </summary>
internal sealed class QrsNetworkFit(EcgRecording[] records, Dictionary<string, EcgRecording> noises)
{
    private const int Folds = 6;
    private readonly Dictionary<string, QrsNetwork> _networks = new(StringComparer.Ordinal);

    /// <summary>The network that was fitted without <paramref name="record"/>.</summary>
    public QrsNetwork NetworkFor(EcgRecording record) => _networks[QrsTrainingSet.PersonOf(record.Name)];

    /// <summary>Fits them all.</summary>
    public void Run(Report report, CancellationToken stop)
    {
        var trainingSet = new QrsTrainingSet(records, noises, new QrsTrainingOptions());
        report.Remark($"{trainingSet.Prepare((_, _) => { }, stop)} candidates");
        string[] people = [.. records.Select(r => QrsTrainingSet.PersonOf(r.Name)).Distinct().Order(StringComparer.Ordinal)];
        for (var fold = 0; fold < Folds; fold++)
        {
            var held = people.Where((_, i) => i % Folds == fold).ToHashSet();
            using var loop = trainingSet.Begin(held);
            while (loop.Step < loop.Steps)
            {
                stop.ThrowIfCancellationRequested();
                loop.Next();
            }
            var network = ((QrsClassifier)loop.Network).ToNetwork();
            foreach (var person in held)
                _networks[person] = network;
        }
    }
}
