using Pipeline.Host.Wire;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Networks;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>A stream whose stages throw now and then, and which goes back each time and tries again, says the same as one on which none throws.</summary>
public sealed class StreamMarkTests
{
    [Fact]
    public void A_rough_stream_on_which_stages_throw_says_the_same_in_the_end()
    {
        Assert.True(Enumerable.Range(200, 60).Sum(seed => SaysTheSame(RoughStream.Of(seed, seconds: 40), PatientRun.Stages, seed)) > 200);
    }

    [Fact]
    public void A_stream_that_asks_a_network_keeps_what_was_answered()
    {
        using var model = NetworkStageTests.Shipped();
        StageFactory stages = first => Stages.Create(first.Channels, first.RateHz, [model]);
        var chunks = SimulatedChunks.Of(beds: 1, seconds: 60).Where(chunk => chunk.Device == "ppg").ToList();

        Assert.True(SaysTheSame(chunks, stages, 1) > 5);
    }

    [Fact]
    public void A_mark_of_another_stream_is_refused()
    {
        var (mark, chunk) = (new StreamMark(), Chunks.Of(0, 100));
        var (stream, other) = (new DeviceStream(WindowShape.Default, SumStage.Factory, chunk), new DeviceStream(WindowShape.Default, SumStage.Factory, chunk));
        stream.Mark(mark, chunk);

        Assert.Throws<InvalidOperationException>(() => other.ReturnTo(mark, SumStage.Factory, chunk.Patient));
    }

    [Fact]
    public void A_mark_allocates_nothing()
    {
        var chunks = SimulatedChunks.Of(beds: 1, seconds: 30).Where(chunk => chunk.Device == "ecg").ToList();
        var (stream, output, mark) = (new DeviceStream(WindowShape.Default, PatientRun.Stages, chunks[0]), new StageOutput(), new StreamMark());
        foreach (var chunk in chunks)
        {
            stream.Accept(chunk);
            while (stream.TryNext(output, out _))
                output.Clear();
        }
        var next = Chunks.Of(chunks[^1].EndSampleIndex, (int)(2 * stream.RateHz), rateHz: stream.RateHz, channels: stream.Channels);

        Assert.Equal(0, Allocation.Least(() => stream.Mark(mark, next)));
    }

    /// <summary>Compares word for word, and the states at the end; returns how often it threw.</summary>
    private static int SaysTheSame(List<SampleChunk> chunks, StageFactory stages, int seed)
    {
        // At most three times a chunk: a chunk of many windows through many stages would hardly ever get through all of them.
        var (random, thrown, tries) = (new Random(seed), 0, 0);
        StageFactory throwing = first => [.. stages(first).Select(stage => new ThrowingStage(stage, () => tries < 3 && random.Next(6) == 0))];
        var (whole, patched, mark) = (new PatientRun(stages), new PatientRun(throwing), new StreamMark());
        foreach (var chunk in chunks)
        {
            var expected = whole.Take(chunk);
            for (tries = 0; ; tries++)
            {
                try
                {
                    Assert.Equal(expected, patched.Take(chunk, mark));
                    break;
                }
                catch (ThrowingStage.Thrown)
                {
                    thrown++;
                    patched.Undo(mark);
                }
            }
        }
        var transfer = new StateTransfer();
        Assert.Equal(SnapshotCodec.Encode(whole.Capture(transfer)), SnapshotCodec.Encode(patched.Capture(transfer)));
        return thrown;
    }

    /// <summary>Throws before or after the stage that it holds has changed.</summary>
    private sealed class ThrowingStage(IWindowStage stage, Func<bool> throws) : IWindowStage
    {
        public string StateName => stage.StateName;

        public int StateVersion => stage.StateVersion;

        public string StateModel => stage.StateModel;

        public void Accept(in Window window, StageOutput output)
        {
            ThrowMaybe();
            stage.Accept(window, output);
            ThrowMaybe();
        }

        public void Finish(in Window tail, StageOutput output)
        {
            stage.Finish(tail, output);
            ThrowMaybe();
        }

        public void Reset()
        {
            stage.Reset();
            ThrowMaybe();
        }

        public void Transfer(StateTransfer state) => stage.Transfer(state);

        private void ThrowMaybe()
        {
            if (throws())
                throw new Thrown();
        }

        public sealed class Thrown : Exception;
    }
}
