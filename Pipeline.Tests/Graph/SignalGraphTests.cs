using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Filters;
using Pipeline.Models.Graph;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Graph;

public class SignalGraphTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(30);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Missing_samples_become_the_mean_of_their_window()
    {
        // at 4 Hz, windows of 1 s:   [1 . 3 .)  [. . . .)  [5 5 . 8)  then a rest of two
        var nan = float.NaN;

        var rows = Rows([SignalStream.At(4).FillMean(Second)], [1, nan, 3, nan, nan, nan, nan, nan, 5, 5, nan, 8, 2, nan]);

        Assert.Equal([1, 2, 3, 2, nan, nan, nan, nan, 5, 5, 6, 8, 2, 2], rows[0]);
    }

    [Fact]
    public void Samples_outside_the_plausible_range_are_missing()
    {
        var nan = float.NaN;

        var rows = Rows([SignalStream.At(125).Within(SignalSpec.Of(SignalKind.Abp))], [90, -31, -30, 300, 301, nan, 80, 999, 70, 60]);

        Assert.Equal([90, nan, -30, 300, nan, nan, 80, nan, 70, 60], rows[0]);
    }

    [Fact]
    public void A_window_is_brought_to_mean_0_and_deviation_1()
    {
        var rows = Rows([SignalStream.At(4).Normalise(Second)], [1, 3, float.NaN, 5, 7, 7, 7, 7]);

        var deviation = Math.Sqrt(8 / 3.0);
        Assert.Equal([(float)(-2 / deviation), 0, float.NaN, (float)(2 / deviation), 0, 0, 0, 0], rows[0], new Near(1e-6f));
    }

    [Fact]
    public void Samples_between_samples_lie_on_the_line_and_are_missing_beside_a_missing_one()
    {
        var nan = float.NaN;

        var rows = Rows([SignalStream.At(125).Resample(500)], [0, 4, nan, 8, 0]);

        Assert.Equal([0, 1, 2, 3, 4, nan, nan, nan, nan, nan, nan, nan, 8, 6, 4, 2, 0, 0, 0, 0], rows[0]);
    }

    [Fact]
    public void A_join_gives_the_rows_that_all_streams_have()
    {
        //        row      0  1  2  3  4
        // first, at 0     a  b  .  d  e
        // second, at 1       B  C  D        (ends here)
        var nan = float.NaN;

        var rows = Rows([SignalStream.At(1), SignalStream.At(1, firstIndex: 1)], [1, 2, nan, 4, 5], [20, 30, 40]);

        Assert.Equal([2, nan, 4], rows[0]);
        Assert.Equal([20, nan, 40], rows[1]);
    }

    [Fact]
    public void Any_cutting_into_batches_gives_the_same_rows() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            SignalStream[] streams =
            [
                SignalStream.At(500, random.Next(700)).FillMean(Second).Normalise(2 * Second),
                SignalStream.At(125, random.Next(200)).FillMean(2 * Second).Resample(500).Normalise(3 * Second),
                SignalStream.At(200, random.Next(200)).Through(Butterworth.BandPass(2, 0.5, 20, 200)).Resample(500, Interpolation.Polyphase),
                SignalStream.At(600).Within(-50, 50).Resample(500, Interpolation.Linear).FillMean(Second),
            ];
            float[][] samples = [.. streams.Select(s => Gappy((int)(s.InputRateHz * (5 + 8 * random.NextDouble())), random))];

            var whole = Rows(streams, samples);
            var cut = Rows(streams, random, samples);

            return whole.Zip(cut).All(pair => Bits(pair.First).SequenceEqual(Bits(pair.Second)));
        }).Check(Cases);

    [Fact]
    public void The_graph_agrees_with_each_step_written_out_by_itself() =>
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            float[] ecg = Gappy(500 * random.Next(1, 12) + random.Next(500), random), abp = Gappy(125 * random.Next(1, 12) + random.Next(125), random);

            var rows = Rows(
                [SignalStream.At(500).FillMean(2 * Second).Normalise(2 * Second), SignalStream.At(125).FillMean(2 * Second).Resample(500).Normalise(2 * Second)],
                ecg, abp);

            var left = Naive.Normalise(Naive.FillMean(ecg, 1000), 1000);
            var right = Naive.Normalise(Naive.Linear(Naive.FillMean(abp, 250), 4, 1), 1000);
            var count = Math.Min(left.Length, right.Length);
            for (var i = 0; i < count; i++)
                if (double.IsNaN(left[i]) || double.IsNaN(right[i]))
                    (left[i], right[i]) = (double.NaN, double.NaN);
            return Near.All(left[..count], rows[0], 2e-4) && Near.All(right[..count], rows[1], 2e-4);
        }).Check(Cases);

    [Theory]
    [InlineData(125, 500)]
    [InlineData(100, 250)]
    [InlineData(360, 250)]
    [InlineData(256, 128)]
    [InlineData(1, 7)]
    public void Any_ratio_of_rates_is_interpolated_at_its_own_times(double fromHz, double toHz)
    {
        var samples = Gappy(400, new Random(3));
        var ratio = RateRatio.Of(fromHz, toHz);

        var rows = Rows([SignalStream.At(fromHz).Resample(toHz)], samples);

        Assert.True(Near.All(Naive.Linear([.. samples.Select(x => (double)x)], ratio.Up, ratio.Down), rows[0], 1e-5));
    }

    // SciPy 1.10.1; Golden/spectra/make.py. float32 against float64.
    [Fact]
    public void Polyphase_resampling_agrees_with_SciPy()
    {
        var golden = Support.Golden.Rows("spectra/resample.txt");

        var up = Rows([SignalStream.At(125).Resample(500, Interpolation.Polyphase)], golden[0])[0];
        var down = Rows([SignalStream.At(125).Resample(50, Interpolation.Polyphase)], golden[0])[0];

        Assert.Equal(golden[1], up, new Near(2e-6f));
        Assert.Equal(golden[2], down, new Near(2e-6f));
    }

    [Fact]
    public void Nothing_is_allocated_after_the_start()
    {
        var minute = TimeSpan.FromMinutes(1);
        long rowCount = 0;
        var run = SignalGraph.Join(
                SignalStream.At(500).FillMean(minute).Normalise(minute),
                SignalStream.At(125).FillMean(minute).Resample(500).Normalise(minute),
                SignalStream.At(250).Resample(500, Interpolation.Polyphase))
            .Start((in AlignedBatch batch) => rowCount += batch.RowCount);
        float[] a = Gappy(500 * 30, new Random(1)), b = Gappy(125 * 30, new Random(2)), c = Gappy(250 * 30, new Random(3));
        var (rounds, taken) = (0, 0);
        void Push(int count)
        {
            for (rounds += count; count > 0; count--)
                taken += run.Push(0, a) + run.Push(1, b) + run.Push(2, c);
        }

        Push(2);
        var allocated = Allocation.Least(() => Push(10));

        Assert.Equal(0, allocated);
        Assert.Equal(rounds * (a.Length + b.Length + c.Length), taken);
        Assert.Equal((rounds / 2 - 1) * 60 * 500, rowCount);   // a minute's window before the first row
    }

    [Fact]
    public void A_stream_that_is_too_far_ahead_is_not_taken_until_the_others_follow()
    {
        var run = SignalGraph.Join(SignalStream.At(10), SignalStream.At(100).Resample(10, Interpolation.Polyphase)).Start((in AlignedBatch _) => { });

        Assert.Equal(TimeSpan.FromSeconds(10), SignalGraph.Join(SignalStream.At(10)).MaxLead);
        Assert.Equal(100, run.Push(0, new float[150]));
        Assert.Equal(0, run.Push(0, new float[50]));
        Assert.Equal(300, run.PushMissing(1, 300));
        Assert.Equal(30, run.RoomOf(0));
        Assert.Equal(30, run.Push(0, new float[50]));
    }

    [Fact]
    public void Descriptions_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SignalGraph.Join());
        Assert.Throws<ArgumentException>(() => SignalGraph.Join(SignalStream.At(500), SignalStream.At(125)));
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalStream.At(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalStream.At(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalStream.At(125).FillMean(TimeSpan.FromMilliseconds(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalStream.At(125).Within(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalStream.At(125).Resample(Math.PI));
        Assert.Throws<ArgumentOutOfRangeException>(() => SignalStream.At(125).Resample(double.NaN));
    }

    [Fact]
    public void A_finished_run_takes_no_more_samples()
    {
        var run = SignalGraph.Join(SignalStream.At(10)).Start((in AlignedBatch _) => { });
        run.Finish();
        run.Finish();

        Assert.Throws<InvalidOperationException>(() => run.Push(0, new float[1]));
    }

    // Noise with runs of missing samples and single ones. Whole numbers: a window that is all but flat still has a deviation far above rounding.
    private static float[] Gappy(int count, Random random)
    {
        var samples = new float[count];
        var gap = 0;
        for (var i = 0; i < count; i++)
        {
            if (gap == 0 && random.Next(200) == 0)
                gap = random.Next(10) == 0 ? random.Next(1500) : random.Next(1, 10);
            samples[i] = gap > 0 ? float.NaN : random.Next(-60, 61);
            gap = Math.Max(0, gap - 1);
        }
        return samples;
    }

    private static float[][] Rows(SignalStream[] streams, params float[][] samples) => Rows(streams, null, samples);

    private static float[][] Rows(SignalStream[] streams, Random? cuts, params float[][] samples)
    {
        var rows = streams.Select(_ => new List<float>()).ToArray();
        var graph = SignalGraph.Join(streams);
        var next = graph.FirstIndex;
        var run = graph.Start((in AlignedBatch batch) =>
        {
            Assert.Equal(next, batch.FirstIndex);
            next += batch.RowCount;
            var present = 0;
            for (var r = 0; r < batch.RowCount; r++)
                present += float.IsNaN(batch[0][r]) ? 0 : 1;
            Assert.Equal(present, batch.PresentCount);
            for (var c = 0; c < rows.Length; c++)
                rows[c].AddRange(batch[c]);
        });
        var at = new int[streams.Length];
        for (var moved = true; moved;)
        {
            moved = false;
            for (var c = 0; c < streams.Length; c++)
            {
                var left = samples[c].Length - at[c];
                var taken = run.Push(c, samples[c].AsSpan(at[c], cuts is null ? left : cuts.Next(Math.Min(left, 700) + 1)));
                at[c] += taken;
                moved |= at[c] < samples[c].Length && (taken > 0 || cuts is not null && run.RoomOf(c) > 0);
            }
        }
        run.Finish();
        return [.. rows.Select(r => r.ToArray())];
    }

    private static IEnumerable<int> Bits(float[] values) => values.Select(BitConverter.SingleToInt32Bits);
}
