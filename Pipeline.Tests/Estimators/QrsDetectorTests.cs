using Pipeline.Host.Networks;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Packages;
using Xunit;

namespace Pipeline.Tests.Estimators;

public sealed class QrsDetectorTests
{
    private static readonly QrsNetwork Network = new QrsModel(ModelPackage.Load(Path.Combine(ModelCatalog.OwnFolder!, "qrs"))).Network;

    [Fact]
    public void Nothing_depends_on_how_many_samples_are_taken_at_once_holes_and_all()
    {
        var ecg = new SyntheticEcg { RateHz = 250, Noise = 0.08, Seconds = 40 };
        float[][] leads = [ecg.Samples(), ecg.Samples(-0.4, seed: 2)];
        leads[0].AsSpan(0, 20).Fill(float.NaN);
        leads[0].AsSpan(2000, 1000).Fill(float.NaN);
        leads[1].AsSpan(2900, 300).Fill(float.NaN);
        leads[1].AsSpan(5000, 3).Fill(float.NaN);

        var one = Run(leads, () => 1);
        Assert.True(one.Beats.Count > 30, $"{one.Beats.Count} beats");
        var random = new Random(3);
        foreach (var size in (Func<int>[])[() => QrsLead.MostAhead, () => 17, () => random.Next(QrsLead.MostAhead + 1)])
        {
            var many = Run(leads, size);
            Assert.Equal(one.Beats, many.Beats);
            Assert.Equal(one.Seen, many.Seen);
        }
    }

    private static (List<double> Beats, List<float> Seen) Run(float[][] leads, Func<int> size)
    {
        var (beats, seen) = (new List<double>(), new List<float>());
        var detector = new QrsDetector(250, [1, 1], network: Network)
        {
            Observer = (at, features, input) => seen.AddRange([at, .. features, .. input]),
        };
        var length = leads[0].Length;
        float[] samples = [.. leads[0], .. leads[1]];
        for (var at = 0; at < length;)
        {
            var count = Math.Min(size(), length - at);
            detector.Take(samples.AsSpan(at), length, count, beats);
            at += count;
        }
        detector.Finish(beats);
        return (beats, seen);
    }
}
