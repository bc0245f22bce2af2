using Pipeline.Training.Torch;
using Pipeline.Models.Estimators.Ecg;

namespace Pipeline.Training;

/// <summary>
/// The candidates from which the QRS network is trained. The decision on a candidate changes the state in which the next is met, so they are
/// gathered three times: first a plain threshold decides, then networks fitted to the candidates of the pass before, each recording met by one that
/// was fitted without it.
/// </summary>
/// <param name="records">Recordings with reference beats.</param>
/// <param name="noises">Recordings of noise alone, by name: <c>em</c>, <c>ma</c>, <c>bw</c>; any may be missing.</param>
/// <param name="options">Options.</param>
public sealed class QrsCourse(IReadOnlyList<EcgRecording> records, IReadOnlyDictionary<string, EcgRecording> noises, QrsTrainingOptions options)
{
    private const int Passes = 3;
    private const int Parts = 3;        // of the recordings, each met by a network fitted to the others
    private const double Shortened = 0.5;   // of the steps are enough for those networks
    private const float BeatFactor = 2;
    private const float EctopicFactor = 4;
    private const double ToleranceSeconds = 0.15;
    private readonly QrsCopies _copies = new(noises, options.Seed);
    private QrsExamples? _examples;

    /// <summary>
    /// Who is held out together, by name: a recording each, but <c>118</c> and <c>119</c>, with which the noise test is made, are one.
    /// </summary>
    public static string PersonOf(string record) => record == "119" ? "118" : record;

    /// <summary>Gathers the candidates; <paramref name="progress"/> is told what is done and which part of it, 0 to 1.</summary>
    /// <returns>How many there are.</returns>
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
                foreach (var copy in _copies.Of(records[r], pass))
                {
                    stop.ThrowIfCancellationRequested();
                    Gather(copy, networks[PartOf(records[r].Name)], _examples);
                }
            }
            for (var part = 0; part < Parts && pass < Passes - 1; part++)
            {
                progress("Networks to meet them with", (pass + 0.5 + 0.5 * part / Parts) / Passes);
                networks[part] = Fit(_examples, people.Where((_, i) => i % Parts == part).ToHashSet(), stop);
            }
        }
        return _examples!.Count;
    }

    /// <summary>Begins to train on everybody but <paramref name="held"/> (<see cref="PersonOf"/>).</summary>
    public TrainingLoop Begin(IReadOnlySet<string> held) =>
        QrsTrainer.Begin(_examples ?? throw new InvalidOperationException("Prepare comes first."), held, options);

    private QrsNetwork Fit(QrsExamples examples, IReadOnlySet<string> held, CancellationToken stop)
    {
        using var loop = QrsTrainer.Begin(examples, held, options with { Steps = (int)Math.Ceiling(options.Steps * Shortened) });
        while (loop.Step < loop.Steps)
        {
            stop.ThrowIfCancellationRequested();
            loop.Next();
        }
        return ((QrsClassifier)loop.Network).ToNetwork();
    }

    private static void Gather(QrsCopy copy, QrsNetwork? network, QrsExamples examples)
    {
        var record = copy.Recording;
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
            var factor = partner < 0 || !copy.IsClean ? 1 : record.Beats[partner].IsEctopic ? EctopicFactor : BeatFactor;
            examples.Add(rows[c], partner >= 0, copy.Weight * factor, PersonOf(record.Name));
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
