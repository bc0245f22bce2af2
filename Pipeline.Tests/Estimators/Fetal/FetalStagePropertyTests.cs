using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Fetal;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Estimators.Fetal;

public sealed class FetalStagePropertyTests
{
    private static readonly float[][] Leads = new SyntheticAbdomen { Seconds = 26, Noise = 0.008 }.Samples();

    [Fact]
    public void However_the_samples_are_cut_into_chunks_the_results_are_the_same()
    {
        var whole = SyntheticAbdomen.Run(500, Leads);

        foreach (var size in (int[])[1, 77, 1000, 3999, 13_000])
            Assert.Equal(Words(whole), Words(SyntheticAbdomen.Run(500, Leads, size)));
    }

    [Fact]
    public void A_stage_restored_after_any_window_goes_on_as_if_nothing_had_happened()
    {
        var holed = Array.ConvertAll(Leads, lead => lead.ToArray());
        holed[1].AsSpan(5_000, 1_500).Fill(float.NaN);
        var layout = SyntheticAbdomen.Layout(4);
        var chunks = StageRun.Chunked(holed, layout, 500, 500).ToArray();
        DeviceStream whole = new(WindowShape.Default, Stages, chunks[0]), patched = new(WindowShape.Default, Stages, chunks[0]);
        foreach (var chunk in chunks)
        {
            Assert.Equal(Take(whole, chunk), Take(patched, chunk));
            var snapshot = patched.Capture(new StateTransfer());
            Assert.True(snapshot.Blocks[1].Bytes.Length <= 128 << 10, $"{snapshot.Blocks[1].Bytes.Length} bytes");
            patched = DeviceStream.Restore(WindowShape.Default, Stages, new PatientId("P1"), snapshot, new StateTransfer(), out var told)!;
            Assert.Null(told);
        }
    }

    [Fact]
    public void Damaged_bytes_are_refused_or_harmless()
    {
        var layout = SyntheticAbdomen.Layout(2);
        var chunks = StageRun.Chunked(Leads[..2], layout, 500, 500).ToArray();
        var stream = new DeviceStream(WindowShape.Default, Stages, chunks[0]);
        foreach (var chunk in chunks[..20])
            Take(stream, chunk);
        var bytes = stream.Capture(new StateTransfer()).Blocks[1].Bytes.ToArray();
        var (random, stage) = (new Random(1), new FetalStage(layout, 500));
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var damaged = bytes[..(attempt % 3 == 0 ? random.Next(bytes.Length) : bytes.Length)];
            for (var k = random.Next(4); k >= 0 && damaged.Length > 0; k--)
                damaged[random.Next(attempt % 2 == 0 ? Math.Min(200, damaged.Length) : damaged.Length)] = (byte)random.Next(256);
            var state = new StateTransfer();
            state.BeginReading(damaged, stage.StateVersion);
            stage.Transfer(state);
            if (damaged.Length < bytes.Length)
                Assert.NotNull(state.EndReading());
        }
    }

    [Fact]
    public void Gain_offset_unit_and_polarity_do_not_move_a_beat()
    {
        var whole = SyntheticAbdomen.SecondsOf(SyntheticAbdomen.Run(500, Leads), BeatKind.FetalQrs, 500);

        foreach (var (gain, offset) in (ReadOnlySpan<(float, float)>)[(1000, 0), (-1, 3), (0.001f, 0), (-200, 5000)])
        {
            var moved = Array.ConvertAll(Leads, lead => lead.Select(v => v * gain + offset).ToArray());
            var found = SyntheticAbdomen.SecondsOf(SyntheticAbdomen.Run(500, moved), BeatKind.FetalQrs, 500);
            Assert.Equal((0, 0), StageRun.Compare(whole, found, 0.017));
        }
    }

    [Fact]
    public void The_order_of_the_leads_does_not_move_a_beat()
    {
        var whole = SyntheticAbdomen.SecondsOf(SyntheticAbdomen.Run(500, Leads), BeatKind.FetalQrs, 500);

        foreach (var order in (int[][])[[3, 2, 1, 0], [1, 3, 0, 2]])
        {
            var found = SyntheticAbdomen.SecondsOf(SyntheticAbdomen.Run(500, [.. order.Select(l => Leads[l])]), BeatKind.FetalQrs, 500);
            Assert.Equal((0, 0), StageRun.Compare(whole, found, 0.017));
        }
    }

    [Fact]
    public void A_mark_depends_on_nothing_later_than_the_window_that_it_comes_with()
    {
        const int Cut = 18 * 500;
        var (random, other) = (new Random(2), Array.ConvertAll(Leads, lead => lead.ToArray()));
        foreach (var lead in other)
            for (var i = Cut; i < lead.Length; i++)
                lead[i] = (float)(0.1 * SyntheticEcg.Normal(random));

        double[] Certain(WindowResult[] results) => SyntheticAbdomen.SecondsOf(results.Where(r => !r.Window.IsTail && r.Window.EndIndex <= Cut), BeatKind.FetalQrs, 500);
        Assert.Equal(Certain(SyntheticAbdomen.Run(500, Leads)), Certain(SyntheticAbdomen.Run(500, other)));
        Assert.NotEmpty(Certain(SyntheticAbdomen.Run(500, other)));
    }

    [Fact]
    public void Missing_samples_and_infinities_never_reach_a_result()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            float[] bad = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f];
            var holed = Array.ConvertAll(Leads, lead => lead.ToArray());
            for (var hole = 0; hole < 16; hole++)
            {
                var lead = holed[random.Next(4)];
                var from = random.Next(lead.Length);
                lead.AsSpan(from, Math.Min(random.Next(2_000), lead.Length - from)).Fill(bad[random.Next(bad.Length)]);
            }
            var results = SyntheticAbdomen.Run(500, holed);
            return results.SelectMany(r => r.Estimates).All(IsSound) && results.SelectMany(r => r.Beats).All(b => b.SampleIndex >= 0 && b.SampleIndex < Leads[0].Length);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(12));
    }

    [Fact]
    public void Nothing_is_allocated_after_the_first_windows()
    {
        var layout = SyntheticAbdomen.Layout(4);
        var chunks = StageRun.Chunked(Leads, layout, 500, 500).ToArray();
        var windows = 0;

        var allocated = Allocation.Least(() =>
        {
            var stage = new FetalStage(layout, 500);
            var windower = new SlidingWindower(WindowShape.Default, layout, SampleFormat.Float32, 500);
            var output = new StageOutput();
            output.Beats.Capacity = output.Estimates.Capacity = 256;
            var before = 0L;
            windows = 0;
            foreach (var chunk in chunks)
            {
                windower.Begin(chunk);
                while (windower.TryNext(out var window))
                {
                    stage.Accept(window, output);
                    output.Clear();
                    if (++windows == 2)
                        before = GC.GetAllocatedBytesForCurrentThread();
                }
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);
        Assert.True(windows > 5);
    }

    [Fact]
    public void A_stage_that_was_reset_is_as_a_new_one()
    {
        var layout = SyntheticAbdomen.Layout(4);
        var stage = new FetalStage(layout, 500);
        WindowResult[] Run() => [.. StreamRun.Of(StageRun.Chunked(Leads, layout, 500, 500), _ => [stage])];

        var first = Run();
        stage.Reset();

        Assert.Equal(Words(first), Words(Run()));
    }

    private static IWindowStage[] Stages(SampleChunk first) => [new FetalStage(first.Channels, first.RateHz)];

    private static List<string> Take(DeviceStream stream, SampleChunk chunk)
    {
        var (output, words) = (new StageOutput(), new List<string>());
        stream.Accept(chunk);
        while (stream.TryNext(output, out _))
        {
            words.AddRange(output.Estimates.Select(e => e.ToString()));
            words.AddRange(output.Beats.Select(b => b.ToString()));
            output.Clear();
        }
        return words;
    }

    private static List<string> Words(WindowResult[] results) =>
        [.. results.SelectMany(r => r.Estimates.Select(e => e.ToString()).Concat(r.Beats.Select(b => b.ToString())))];

    private static bool IsSound(Estimate estimate) =>
        double.IsNaN(estimate.Value) == (estimate.Status != EstimateStatus.Ok)
        && double.IsNaN(estimate.Sigma) == double.IsNaN(estimate.Value)
        && estimate.Quality is >= 0 and <= 1
        && estimate.Coverage is >= 0 and <= 1;
}
