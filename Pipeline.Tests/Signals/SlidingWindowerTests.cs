using FsCheck;
using FsCheck.Fluent;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Signals;

// The drawings: one character a sample at 1 Hz, windows of 4 s every 2 s. '=' arrived, '.' missing, [ ) a window that goes out.
public class SlidingWindowerTests
{
    private static readonly WindowShape FourEveryTwo = new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(2));

    [Fact]
    public void Windows_are_half_open_and_go_out_with_their_last_sample()
    {
        // 0123456789
        // ==== ====
        // [   )
        //   [   )
        //     [   )
        var windower = NewWindower(FourEveryTwo);

        Assert.Empty(Feed(windower, (0, 3)));
        Assert.Equal(["0:0 4 0 1 2 3"], Feed(windower, (3, 1)));
        Assert.Equal(["1:2 2 2 3 4 5", "2:4 2 4 5 6 7"], Feed(windower, (4, 4)));
    }

    [Fact]
    public void A_chunk_longer_than_a_window_gives_every_window_in_order()
    {
        var windower = NewWindower(FourEveryTwo);

        var windows = Feed(windower, (0, 1000));

        Assert.Equal(499, windows.Count);
        Assert.Equal("498:996 2 996 997 998 999", windows[^1]);
    }

    [Fact]
    public void A_short_gap_is_missing_and_its_windows_go_out_with_the_chunk_after_it()
    {
        // 012345678901
        // =====..=====
        // [   )
        //   [ . )        completes when the chunk at 7 begins after its end
        //     [.  )
        var windower = NewWindower(FourEveryTwo);

        Assert.Equal(["0:0 4 0 1 2 3"], Feed(windower, (0, 5)));
        Assert.Equal(["1:2 2 2 3 4 ."], Feed(windower, (7, 1)).Take(1));
        Assert.Equal(["3:6 2 . 7 8 9"], Feed(windower, (8, 2)));
    }

    [Fact]
    public void A_gap_of_a_window_closes_and_the_next_window_starts_segmentBegins()
    {
        // 01234567890123456789
        // =====.....     =====
        // [   )
        //   [ . )              holds sample 4, goes out
        //     [...)            so does this
        //       [   )          holds none: not given out, as all up to
        //             [   )
        //                   [ =    first that can hold sample 15
        var windower = NewWindower(FourEveryTwo);
        Feed(windower, (0, 5));

        var windows = Feed(windower, (15, 5));

        Assert.Equal(["1:2 2 2 3 4 .", "2:4 2 4 . . .", "6:12 4 . . . 15 first", "7:14 2 . 15 16 17", "8:16 2 16 17 18 19"], windows);
    }

    [Fact]
    public void A_jump_of_2_to_the_50_samples_costs_no_more_than_any_gap()
    {
        var windower = NewWindower(FourEveryTwo);
        Feed(windower, (0, 5));

        var windows = Feed(windower, (1L << 50, 4));

        Assert.Equal(4, windows.Count);
        Assert.StartsWith($"{(1L << 49) - 1}:{(1L << 50) - 2} 4", windows[2], StringComparison.Ordinal);
        Assert.StartsWith($"{1L << 49}:{1L << 50} 2", windows[3], StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_is_joined_late_starts_with_the_first_window_that_holds_a_sample()
    {
        var windower = NewWindower(FourEveryTwo);

        Assert.Equal(["49:98 4 . . 100 101 first"], Feed(windower, (100, 2)));
    }

    [Fact]
    public void A_repeated_chunk_is_a_duplicate_and_one_that_fills_a_gap_is_late()
    {
        var windower = NewWindower(FourEveryTwo);
        Feed(windower, (0, 3), (5, 3));

        Assert.Equal(ChunkFate.Duplicate, windower.Begin(Chunks.Of(0, 3, rateHz: 1)).Fate);
        Assert.Equal(ChunkFate.Late, windower.Begin(Chunks.Of(3, 2, rateHz: 1)).Fate);
        Assert.Equal(ChunkFate.Duplicate, windower.Begin(Chunks.Of(5, 3, rateHz: 1)).Fate);
        Assert.False(windower.TryNext(out _));
        Assert.Equal(8, windower.NextSampleIndex);
    }

    [Fact]
    public void An_overlapping_chunk_loses_only_what_was_seen()
    {
        var windower = NewWindower(FourEveryTwo);
        Feed(windower, (0, 3));

        var verdict = windower.Begin(Chunks.Of(1, 4, rateHz: 1));

        Assert.Equal(new ChunkVerdict(ChunkFate.Overlapping, 2, 0), verdict);
        Assert.Equal(["0:0 4 0 1 2 3"], Drain(windower));
        Assert.Equal(5, windower.NextSampleIndex);
    }

    [Fact]
    public void The_tail_holds_what_came_after_the_last_window()
    {
        var windower = NewWindower(FourEveryTwo);
        Feed(windower, (0, 7));

        var tail = PlainWindow.Of(windower.Tail());

        Assert.Equal(new PlainWindow(2, 4, 1, false, "4 5 6"), tail);
    }

    [Fact]
    public void The_tail_of_a_stream_shorter_than_a_window_is_all_of_it()
    {
        var windower = NewWindower(FourEveryTwo);
        Feed(windower, (0, 3));

        Assert.Equal(new PlainWindow(0, 0, 3, true, "0 1 2"), PlainWindow.Of(windower.Tail()));
        Assert.Equal(0, NewWindower(FourEveryTwo).Tail().Length);
    }

    [Fact]
    public void Lead_off_belongs_to_the_windows_whose_new_samples_it_touches()
    {
        var windower = NewWindower(FourEveryTwo);
        var flags = new List<ulong>();
        foreach (var chunk in new[] { Chunks.Of(0, 4, rateHz: 1), Chunks.Of(4, 1, rateHz: 1, leadOff: 1), Chunks.Of(5, 5, rateHz: 1) })
        {
            windower.Begin(chunk);
            while (windower.TryNext(out var window))
                flags.Add(window.LeadOff);
        }

        Assert.Equal([0UL, 1UL, 0UL, 0UL], flags);
    }

    [Theory]
    [InlineData(124.945, 999, 249)]
    [InlineData(62.5, 500, 125)]
    [InlineData(360, 2880, 720)]
    [InlineData(0.5, 4, 1)]
    public void Starts_are_in_closed_form_at_any_rate(double rateHz, int length, int firstHop)
    {
        var shape = WindowShape.Default;

        Assert.Equal(length, shape.LengthAt(rateHz));
        Assert.Equal(firstHop, shape.StartAt(1, rateHz));
        for (var id = 0L; id < 100_000; id += 997)
        {
            var start = shape.StartAt(id, rateHz);
            Assert.InRange(id * 2 * rateHz - start, -1e-6, 1);
            Assert.Equal(id, shape.FirstEndingAfter(start + length - 1, rateHz));
            Assert.Equal(id + 1, shape.FirstEndingAfter(start + length, rateHz));
        }
    }

    [Theory]
    [InlineData(0.24)]
    [InlineData(0.01)]
    public void A_rate_of_less_than_two_samples_in_a_window_is_refused(double rateHz) =>
        Assert.Contains("less than two samples", WindowShape.Default.FindFault(rateHz), StringComparison.Ordinal);

    [Fact]
    public void Equals_the_naive_windower_for_any_rate_cutting_loss_repetition_and_gap()
    {
        var cases = from seed in Gen.Choose(0, int.MaxValue - 1)
                    from rate in Gen.Elements(0.5, 1.0, 2.5, 3.3, 7.0, 12.4945)
                    from shape in Gen.Elements(FourEveryTwo, WindowShape.Default, new WindowShape(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3)))
                    select (seed, rate, shape);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var channels = new ChannelLayout(new Channel("A", SignalKind.Ppg, "1"), new Channel("B", SignalKind.Acc, "g"));
            var windower = new SlidingWindower(c.shape, channels, SampleFormat.Int16, c.rate);
            var floats = new SlidingWindower(c.shape, channels, SampleFormat.Float32, c.rate);
            var naive = new NaiveWindower(c.shape, c.rate, 2);
            var seen = new List<PlainWindow>();
            var seenFloats = new List<PlainWindow>();
            foreach (var chunk in Disturbed(new Random(c.seed), channels, c.rate, c.shape.LengthAt(c.rate)))
            {
                naive.Take(chunk);
                windower.Begin(chunk);
                while (windower.TryNext(out var window))
                    seen.Add(PlainWindow.Of(window));
                floats.Begin(Chunks.AsFloat32(chunk));
                while (floats.TryNext(out var window))
                    seenFloats.Add(PlainWindow.Of(window));
            }
            Assert.Equal(naive.Windows, seen);
            Assert.Equal(naive.Windows, seenFloats);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_rate_of_less_than_a_sample_a_hop_has_windows_without_a_new_one()
    {
        var windower = new SlidingWindower(WindowShape.Default, Chunks.OneChannel, SampleFormat.Int16, 0.25);
        var seen = new List<string>();
        for (var first = 0; first < 5; first++)
        {
            windower.Begin(Chunks.Of(first, 1, rateHz: 0.25));
            seen.AddRange(Drain(windower));
        }

        Assert.Equal(["0:0 2 0 1", "1:0 0 0 1", "2:1 1 1 2", "3:1 0 1 2", "4:2 1 2 3", "5:2 0 2 3", "6:3 1 3 4", "7:3 0 3 4"], seen);
    }

    [Fact]
    public void Equals_the_naive_windower_at_rates_of_less_than_a_sample_a_hop() => Prop.ForAll(
        (from seed in Gen.Choose(0, int.MaxValue - 1) from rate in Gen.Elements(0.25, 0.3, 0.4) select (seed, rate)).ToArbitrary(), c =>
        {
            var windower = new SlidingWindower(WindowShape.Default, Chunks.OneChannel, SampleFormat.Int16, c.rate);
            var naive = new NaiveWindower(WindowShape.Default, c.rate, 1);
            var seen = new List<PlainWindow>();
            foreach (var chunk in Disturbed(new Random(c.seed), Chunks.OneChannel, c.rate, WindowShape.Default.LengthAt(c.rate)))
            {
                naive.Take(chunk);
                windower.Begin(chunk);
                while (windower.TryNext(out var window))
                    seen.Add(PlainWindow.Of(window));
            }
            Assert.Equal(naive.Windows, seen);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_cutting_into_chunks_gives_the_same_windows_and_tail()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var total = random.Next(1, 300);
            var whole = NewWindower(FourEveryTwo);
            var cut = NewWindower(FourEveryTwo);

            var expected = Feed(whole, (0, total));
            var seen = new List<string>();
            for (var first = 0; first < total;)
            {
                var count = Math.Min(random.Next(1, 12), total - first);
                seen.AddRange(Feed(cut, (first, count)));
                first += count;
            }

            Assert.Equal(expected, seen);
            Assert.Equal(PlainWindow.Of(whole.Tail()), PlainWindow.Of(cut.Tail()));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Nothing_is_allocated_after_construction()
    {
        var windower = NewWindower(FourEveryTwo);
        var (chunkCount, windows) = (0, 0);
        Feed(Next(100));

        var allocated = Allocation.Least(() =>
        {
            var chunks = Next(100);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Feed(chunks);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);
        Assert.True(windows > 500);

        SampleChunk[] Next(int count) =>
            [.. Enumerable.Range((chunkCount += count) - count, count).Select(i => Chunks.Of(i * 7 + i / 50 * 100, 7, rateHz: 1))];

        void Feed(SampleChunk[] chunks)
        {
            foreach (var chunk in chunks)
            {
                windower.Begin(chunk);
                while (windower.TryNext(out _))
                    windows++;
            }
        }
    }

    private static SlidingWindower NewWindower(WindowShape shape) => new(shape, Chunks.OneChannel, SampleFormat.Int16, 1);

    private static List<string> Feed(SlidingWindower windower, params (long First, int Count)[] chunks)
    {
        var seen = new List<string>();
        foreach (var (first, count) in chunks)
        {
            windower.Begin(Chunks.Of(first, count, rateHz: 1));
            seen.AddRange(Drain(windower));
        }
        return seen;
    }

    private static List<string> Drain(SlidingWindower windower)
    {
        var seen = new List<string>();
        while (windower.TryNext(out var window))
        {
            var plain = PlainWindow.Of(window);
            seen.Add($"{plain.Id}:{plain.Start} {plain.NewSampleCount} {plain.Samples}{(plain.SegmentBegins && plain.Id > 0 ? " first" : "")}");
        }
        return seen;
    }

    private static IEnumerable<SampleChunk> Disturbed(Random random, ChannelLayout channels, double rateHz, int length)
    {
        var first = (long)random.Next(0, 2 * length);
        for (var i = 0; i < 40; i++)
        {
            var chunk = Chunks.Of(first, random.Next(0, length + 3), rateHz: rateHz, channels: channels);
            yield return chunk;
            first = chunk.EndSampleIndex + random.Next(12) switch
            {
                0 => random.Next(0, length),                // short gap
                1 => random.Next(length, 5 * length),       // long gap
                2 => -Math.Min(random.Next(0, 2 * length), chunk.EndSampleIndex),   // back: late, repeated or overlapping
                _ => 0,
            };
        }
    }
}
