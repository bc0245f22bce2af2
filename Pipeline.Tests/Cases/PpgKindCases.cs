using System.Runtime.InteropServices;
using Pipeline.Benchmarks.Faults;
using Pipeline.Host.Networks;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Packages;
using Pipeline.Models.Signals;
using Xunit;

namespace Pipeline.Tests.Cases;

/// <summary>
/// Kinds of wrist PPG in which a heart is easily lost, a few sessions each, estimated as they are by default: by the network that ships and
/// the classical estimator together. Neither was fitted on any of them.
/// </summary>
public sealed class PpgKindCases
{
    private const int FirstSeed = 200, Sessions = 4;
    private const double Far = 10;          // per minute
    private const int LostWindows = 10;     // 20 s

    [Theory]
    [InlineData(PpgKind.Lock, 1)]
    [InlineData(PpgKind.LockStride, 1)]
    [InlineData(PpgKind.LockHalf, 2)]
    [InlineData(PpgKind.Cross, 2)]
    [InlineData(PpgKind.Gap, 1.5)]
    [InlineData(PpgKind.Start, 0.6)]
    [InlineData(PpgKind.Bar, 0.6)]
    [InlineData(PpgKind.Saturated, 0.9)]
    [InlineData(PpgKind.Fast, 1.5)]
    public void The_heart_is_held(PpgKind kind, double mostError)
    {
        var scores = Scores(kind);

        Assert.True(scores.Average(s => s.Error) <= mostError, string.Join("; ", scores));
        Assert.All(scores, s => Assert.False(s.IsLost, $"{s}"));
        Assert.True(scores.Sum(s => s.WronglySure) <= 0.01 * scores.Sum(s => s.Windows), string.Join("; ", scores));
    }

    [Fact]
    public void In_uneven_exercise_of_the_arm_where_the_heart_is_lost_a_wrong_rate_is_seldom_sure()
    {
        var scores = Scores(PpgKind.Arms);

        Assert.True(scores.Sum(s => s.WronglySure) <= 0.03 * scores.Sum(s => s.Windows), string.Join("; ", scores));
    }

    private static List<Score> Scores(PpgKind kind)
    {
        using var model = ModelCatalog.Open("heart-rate") ?? throw new InvalidOperationException("no package");
        return [.. Enumerable.Range(FirstSeed, Sessions).Select(seed => ScoreOf(PpgSession.Draw(kind, new Random(seed)), model))];
    }

    /// <summary>Every window with a reference; without a value the last one stands, 75 before the first.</summary>
    private static Score ScoreOf(PpgSession session, INetwork model)
    {
        double last = 75, sum = 0;
        int windows = 0, run = 0, longest = 0, sure = 0;
        foreach (var result in StreamRun.Of(Chunks(session), first => Stages.Create(first.Channels, first.RateHz, [model])))
        {
            if (result.Estimates is not [var estimate])
                continue;       // the tail
            var start = result.Window.Start.UnixNanoseconds / 1e9;
            last = double.IsNaN(estimate.Value) ? last : estimate.Value;
            var error = Math.Abs(last - session.RateIn(start, start + 8));
            if (double.IsNaN(error))
                continue;
            (sum, windows) = (sum + error, windows + 1);
            run = error > Far ? run + 1 : 0;
            longest = Math.Max(longest, run);
            sure += error > Far && estimate.Status == EstimateStatus.Ok && estimate.Quality >= PpgStage.GoodQuality ? 1 : 0;
        }
        return new Score(sum / windows, windows, longest >= LostWindows, sure);
    }

    private static IEnumerable<SampleChunk> Chunks(PpgSession session)
    {
        var channels = session.Ppg.Select((_, c) => new Channel($"PPG{c + 1}", SignalKind.Ppg, "1"))
            .Concat(session.Acc.Select((_, a) => new Channel($"ACC{a + 1}", SignalKind.Acc, "g"))).ToArray();
        float[][] lanes = [.. session.Ppg, .. session.Acc];
        var (count, step) = (lanes[0].Length, (int)session.RateHz);
        for (var start = 0; start < count; start += step)
        {
            var taken = Math.Min(step, count - start);
            yield return new SampleChunk
            {
                Patient = new PatientId("p"),
                Bed = "",
                Ward = "",
                Device = "wrist",
                Epoch = 0,
                RateHz = session.RateHz,
                FirstSampleIndex = start,
                FirstSampleTime = new Timestamp((long)(start / session.RateHz * 1e9)),
                Channels = new ChannelLayout(channels),
                SampleCount = taken,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes<float>(lanes.SelectMany(lane => lane.AsSpan(start, taken).ToArray()).ToArray()).ToArray(),
                EndOfStream = start + step >= count,
            };
        }
    }

    private sealed record Score(double Error, int Windows, bool IsLost, int WronglySure);
}
