using System.Globalization;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>
/// Fits the constants of <see cref="QrsScore"/>: a logistic regression on the candidates of every record in several augmented versions (both leads, one
/// lead, turned leads, faster, slower, with noise from the minutes that the noise test does not use), once without each of six groups of records and once
/// with all. A first pass meets the candidates with the plain threshold deciding, the second with the constants of the first, so that the
/// detector's memory is as it will be. Records 118 and 119 of the noise test are in one group.
/// </summary>
internal sealed class QrsFit(EcgRecording[] records, IReadOnlyDictionary<string, EcgRecording> noises)
{
    private const int Groups = 6;
    private const int Passes = 2;
    private const float BeatWeight = 2;
    private const float EctopicWeight = 3;
    private readonly QrsAugmentation _augmentation = new(noises, seed: 0);     // draws from the record's own seed here
    private readonly List<LogisticRow> _rows = [];
    private QrsScore[]? _scores;

    /// <summary>The constants that were fitted without <paramref name="record"/>.</summary>
    public QrsScore ScoreFor(EcgRecording record) => (_scores ?? throw new InvalidOperationException("Nothing is fitted yet."))[GroupOf(record.Name)];

    /// <summary>Fits, and writes the constants of all records as a remark.</summary>
    public void Run(Report report, CancellationToken stop)
    {
        for (var pass = 0; pass < Passes; pass++)
        {
            _rows.Clear();
            foreach (var record in records)
            {
                stop.ThrowIfCancellationRequested();
                Collect(record);
            }
            var weights = LogisticFit.Solve(_rows, QrsFeatures.Count, Groups);
            _scores = [.. weights.Select(w => new QrsScore(w))];
            report.Remark($"pass {pass}: {_rows.Count} candidates, {_rows.Count(r => r.IsBeat)} beats");
            if (pass == Passes - 1)
                report.Remark("all records: " + string.Join(", ", weights[Groups].Select(w => w.ToString("G5", CultureInfo.InvariantCulture) + "f")));
        }
    }

    private int GroupOf(string name)
    {
        var index = Array.FindIndex(records, record => record.Name == (name == "119" ? "118" : name));
        return index % Groups;
    }

    private void Collect(EcgRecording record)
    {
        var random = new Random(int.Parse(record.Name, CultureInfo.InvariantCulture));
        var (a, b) = (record.Leads[0], record.Leads[1]);
        var both = record.With(a, b);
        var first = record.With(a);
        Collect(both, 2, clean: true);
        Collect(first, 1.5f, clean: true);
        Collect(record.With(b), 0.3f, clean: true);
        Collect(QrsAugmentation.Rotated(record, a, b, random), 0.7f, clean: true);
        Collect(_augmentation.AddNoise(both, random), 1, clean: false);
        Collect(_augmentation.AddNoise(both, random), 1, clean: false);
        Collect(_augmentation.AddNoise(first, random), 1, clean: false);
        // Few patients of the database have a fast heart: the same beats, played faster, and a little slower.
        Collect(both, 0.4f, clean: true, Faster(random));
        var speed = Faster(random);
        Collect(_augmentation.AddNoise(both, random), 0.25f, clean: false, speed);
        speed = Faster(random);
        Collect(_augmentation.AddNoise(first, random), 0.25f, clean: false, speed);
        Collect(_augmentation.AddNoise(first, random), 0.3f, clean: false, 0.75);
    }

    private static double Faster(Random random) => 1.3 + 0.9 * random.NextDouble();

    private void Collect(EcgRecording record, float weight, bool clean, double speed = 1)
    {
        var leads = record.Leads;
        var candidates = new List<(double At, float[] Features)>();
        var units = new float[leads.Length];
        Array.Fill(units, 1);
        var detector = new QrsDetector(record.RateHz * speed, units, _scores is null ? null : ScoreFor(record))
        {
            ByThreshold = _scores is null,
            Observer = (at, features, _) => candidates.Add((at, features.ToArray())),
        };
        var beats = new List<double>();
        var sample = new float[leads.Length];
        for (var i = 0; i < leads[0].Length; i++)
        {
            for (var l = 0; l < leads.Length; l++)
                sample[l] = leads[l][i];
            detector.Take(sample, beats);
        }
        detector.Finish(beats);
        var matching = BeatMatching.Of([.. record.Beats.Select(m => m.Sample)], [.. candidates.Select(c => c.At)], 0.15 * record.RateHz);
        for (var c = 0; c < candidates.Count; c++)
        {
            if (!record.IsScored(candidates[c].At))
                continue;
            var partner = matching.Partners[c];
            var factor = partner < 0 || !clean ? 1 : record.Beats[partner].IsEctopic ? BeatWeight * EctopicWeight : BeatWeight;
            _rows.Add(new LogisticRow(candidates[c].Features, partner >= 0, weight * factor, GroupOf(record.Name)));
        }
    }
}
