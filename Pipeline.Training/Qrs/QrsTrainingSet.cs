using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Simulation;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Torch;

namespace Pipeline.Training.Qrs;

/// <summary>
/// The candidates on which the QRS network is trained. The decision on a candidate changes the detector's state at the next one, so they
/// are collected in three passes: in the first a threshold decides, in the others networks trained on the candidates of the pass before,
/// for each recording one that was trained without it. Simulated recordings of some kinds (<see cref="EcgKind"/>) are part of every
/// training.
/// </summary>
/// <param name="records">Recordings with reference beats.</param>
/// <param name="noises">Recordings of noise alone, by name: <c>em</c>, <c>ma</c>, <c>bw</c>; any may be missing.</param>
/// <param name="options">Options.</param>
public sealed class QrsTrainingSet(IReadOnlyList<EcgRecording> records, IReadOnlyDictionary<string, EcgRecording> noises,
    QrsTrainingOptions options)
{
    private const int Passes = 3;
    private const int Parts = 3;        // of the recordings; each part is run with a network trained on the others
    private const double ShortTraining = 0.5;   // of the steps is enough for those networks
    private const float BeatFactor = 2;
    private const float EctopicFactor = 4;
    private const double ToleranceSeconds = 0.15;
    private const string Simulated = "simulated";   // name of all simulated recordings; nobody's
    private const double SimulatedSeconds = 100;
    private const float SimulatedWeight = 0.6f;

    private static readonly EcgKind[] SimulatedKinds =
    [
        EcgKind.SecondDegreeBlock, EcgKind.CompleteBlock, EcgKind.Standstill, EcgKind.Pauses, EcgKind.LeadOff, EcgKind.Movement,
        EcgKind.LowEctopics,
    ];

    private readonly QrsAugmentation _augmentation = new(noises, options.Seed);
    private QrsExamples? _examples;

    /// <summary>
    /// Who is held out together, by name: a recording each, but <c>118</c> and <c>119</c>, with which the noise test is made, are one.
    /// </summary>
    public static string PersonOf(string record) => record == "119" ? "118" : record;

    /// <summary>Collects the candidates; <paramref name="progress"/> gets the present step and the part that is done, 0 to 1.</summary>
    /// <returns>Number of candidates.</returns>
    public int Prepare(Action<string, double> progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(progress);
        string[] people = [.. records.Select(r => PersonOf(r.Name)).Distinct().Order(StringComparer.Ordinal)];
        QrsNetwork?[] networks = new QrsNetwork?[Parts];
        int PartOf(string record) => Array.IndexOf(people, PersonOf(record)) % Parts;
        for (var pass = 0; pass < Passes; pass++)
        {
            _examples = new QrsExamples();
            for (var r = 0; r < records.Count; r++)
            {
                progress("Candidates", (pass + r / (double)records.Count * 0.5) / Passes);
                foreach (var version in _augmentation.Of(records[r], pass))
                {
                    stop.ThrowIfCancellationRequested();
                    Gather(version, networks[PartOf(records[r].Name)], _examples);
                }
            }
            GatherSimulated(pass, networks, stop);
            for (var part = 0; part < Parts && pass < Passes - 1; part++)
            {
                progress("Networks that decide in the next pass", (pass + 0.5 + 0.5 * part / Parts) / Passes);
                networks[part] = Fit(_examples, people.Where((_, i) => i % Parts == part).ToHashSet(), stop);
            }
        }
        return _examples!.Count;
    }

    /// <summary>Begins to train on everybody but <paramref name="held"/> (<see cref="PersonOf"/>).</summary>
    public TrainingLoop Begin(IReadOnlySet<string> held) =>
        QrsTrainer.Begin(_examples ?? throw new InvalidOperationException("Prepare comes first."), held, options);

    private void GatherSimulated(int pass, QrsNetwork?[] networks, CancellationToken stop)
    {
        for (var i = 0; i < options.SimulatedOfKind; i++)
            foreach (var kind in SimulatedKinds)
            {
                stop.ThrowIfCancellationRequested();
                var drawn = EcgKindSimulator.Draw(kind, (options.Seed * Passes + pass) * 1000 + i, SimulatedSeconds);
                var record = RecordingOf(drawn);
                var isOne = i % 4 == 3 && kind != EcgKind.LeadOff;
                var version = new AugmentedEcg(isOne ? record.With(record.Leads[0]) : record, SimulatedWeight, true);
                Gather(version, networks[i % Parts], _examples!);
            }
    }

    /// <summary>A simulated ECG as a recording.</summary>
    internal static EcgRecording RecordingOf(EcgOfKind drawn) => new()
    {
        Name = Simulated,
        RateHz = drawn.RateHz,
        Leads = drawn.Leads,
        Beats = [.. drawn.Beats.Select(b => new EcgBeat(b.Seconds * drawn.RateHz, b.IsVentricular ? 5 : 1))],
        Flutter = [],
    };

    private QrsNetwork Fit(QrsExamples examples, IReadOnlySet<string> held, CancellationToken stop)
    {
        using var loop = QrsTrainer.Begin(examples, held, options with { Steps = (int)Math.Ceiling(options.Steps * ShortTraining) });
        while (loop.Step < loop.Steps)
        {
            stop.ThrowIfCancellationRequested();
            loop.Next();
        }
        return ((QrsClassifier)loop.Network).ToNetwork();
    }

    private static void Gather(AugmentedEcg version, QrsNetwork? network, QrsExamples examples)
    {
        var record = version.Recording;
        var found = new List<double>();
        var rows = new List<float[]>();
        Detect(record, network, (at, _, input) =>
        {
            found.Add(at);
            rows.Add(input.ToArray());
        });
        var matching = BeatMatching.Of([.. record.Beats.Select(b => b.Sample)], found, ToleranceSeconds * record.RateHz);
        for (var c = 0; c < found.Count; c++)
        {
            if (!record.IsScored(found[c]))
                continue;
            var partner = matching.Partners[c];
            var factor = partner < 0 || !version.IsClean ? 1 : record.Beats[partner].IsEctopic ? EctopicFactor : BeatFactor;
            examples.Add(rows[c], partner >= 0, version.Weight * factor, PersonOf(record.Name));
        }
    }

    /// <summary>The beats of a recording; without a network the plain threshold decides.</summary>
    internal static List<double> Detect(EcgRecording record, QrsNetwork? network, QrsObserver? observer)
    {
        var units = new float[record.Leads.Length];
        Array.Fill(units, 1);
        var detector = new QrsDetector(record.RateHz, units, network: network) { ByThreshold = network is null, Observer = observer };
        var beats = new List<double>();
        var sample = new float[units.Length];
        for (var i = 0; i < record.SampleCount; i++)
        {
            for (var l = 0; l < sample.Length; l++)
                sample[l] = record.Leads[l][i];
            detector.Take(sample, beats);
        }
        detector.Finish(beats);
        return beats;
    }
}
