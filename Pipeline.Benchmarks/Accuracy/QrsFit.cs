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
internal sealed class QrsFit(EcgRecording[] records, Dictionary<string, EcgRecording> noises)
{
    private const int Groups = 6;
    private const int Passes = 2;
    private const float BeatWeight = 2;
    private const float EctopicWeight = 3;
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
        Collect(record, 2, clean: true, 1, a, b);
        Collect(record, 1.5f, clean: true, 1, a);
        Collect(record, 0.3f, clean: true, 1, b);
        var angle = random.NextDouble() * 2 * Math.PI;
        Collect(record, 0.7f, clean: true, 1, Turn(a, b, angle), Turn(b, a, -angle));
        Collect(record, 1, clean: false, 1, AddNoise(record, random, a, b));
        Collect(record, 1, clean: false, 1, AddNoise(record, random, a, b));
        Collect(record, 1, clean: false, 1, AddNoise(record, random, a));
        // Few patients of the database have a fast heart: the same beats, played faster, and a little slower.
        Collect(record, 0.4f, clean: true, Faster(random), a, b);
        Collect(record, 0.25f, clean: false, Faster(random), AddNoise(record, random, a, b));
        Collect(record, 0.25f, clean: false, Faster(random), AddNoise(record, random, a));
        Collect(record, 0.3f, clean: false, 0.75, AddNoise(record, random, a));
    }

    private static double Faster(Random random) => 1.3 + 0.9 * random.NextDouble();

    private void Collect(EcgRecording record, float weight, bool clean, double speed, params float[][] leads)
    {
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

    private static float[] Turn(float[] a, float[] b, double angle)
    {
        var turned = new float[a.Length];
        for (var i = 0; i < turned.Length; i++)
            turned[i] = (float)(Math.Cos(angle) * a[i] + Math.Sin(angle) * b[i]);
        return turned;
    }

    /// <summary>Noise by the minute: in 70 % of them, of any kind, −4 to 14 dB, any sign and channel; of two leads one is spared in 30 %.</summary>
    private float[][] AddNoise(EcgRecording record, Random random, params float[][] leads)
    {
        string[] kinds = ["em", "em", "ma", "bw"];
        var minute = (int)(60 * record.RateHz);
        float[][] noisy = [.. leads.Select(lead => lead.ToArray())];
        for (var from = 0; from < record.SampleCount; from += minute)
        {
            if (random.NextDouble() < 0.3)
                continue;
            var noise = noises[kinds[random.Next(kinds.Length)]];
            int source;
            do
                source = random.Next(30) * minute;
            while (NoiseStress.IsNoisy(source + 10, record.RateHz));
            var decibels = random.NextDouble() * 18 - 4;
            var spared = leads.Length == 1 ? -1 : random.NextDouble() switch { < 0.15 => 0, > 0.85 => 1, _ => -1 };
            for (var l = 0; l < leads.Length; l++)
            {
                if (l == spared)
                    continue;
                var channel = noise.Leads[random.Next(2)];
                var gain = NoiseStress.Gain(record, l, channel, decibels) * (random.Next(2) * 2 - 1);
                for (var i = 0; i < minute && from + i < record.SampleCount && source + i < channel.Length; i++)
                    noisy[l][from + i] += gain * channel[source + i];
            }
        }
        return noisy;
    }
}
