using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Features;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Tests.Serving;

/// <summary>What a patient's <see cref="AskingStage"/> and <see cref="StepSession"/> say when nobody else is there: a loop, window after window.</summary>
internal static class NaiveSeries
{
    /// <summary>
    /// The points of one patient's records, as text. <paramref name="modelAt"/>: identity of the model by offset. <paramref name="trouble"/>: as for
    /// <see cref="AskingStage.Factory"/>, without throwing.
    /// </summary>
    public static List<string> Of(
        IEnumerable<(long Offset, SampleChunk Chunk)> records, Func<long, string> modelAt, Func<string, long, AskingStage.Trouble>? trouble = null)
    {
        var points = new List<string>();
        DeviceStream? stream = null;
        var sums = new SumOnly();
        var (state, before) = (0f, "");
        foreach (var (offset, chunk) in records)
        {
            stream ??= new DeviceStream(WindowShape.Default, _ => [sums], chunk);
            stream.Accept(chunk);
            var output = new StageOutput();
            while (stream.TryNext(output, out var window))
            {
                if (window.IsTail)
                    continue;
                var (model, what) = (modelAt(offset), trouble?.Invoke(chunk.Patient.Value, window.StartIndex) ?? AskingStage.Trouble.None);
                if (sums.IsReset || model != before)
                    state = 0;
                (sums.IsReset, before) = (false, model);
                var next = StepSession.Step(StepSession.KeyOf(model), state, sums.Sum);
                var fails = what is AskingStage.Trouble.Poison or AskingStage.Trouble.NotANumber;
                state = fails ? 0 : next;
                points.Add(fails
                    ? Text(window.Id, SignalKind.Ppg, sums.Sum, 1, Stages.Classical)
                    : Text(window.Id, SignalKind.Ppg, RateFeatures.FirstPerMinute + RateFeatures.StepPerMinute * (int)(next * RateFeatures.RateCount), next, model));
                points.Add(Text(window.Id, SignalKind.Ecg, sums.Sum, 1, Stages.Classical));
            }
        }
        return points;
    }

    /// <summary>One point, with all the digits there are.</summary>
    public static string Text(long window, SignalKind signal, double value, double quality, string model) =>
        FormattableString.Invariant($"{window} {signal} {value:R} {quality:R} {model}");

    private sealed class SumOnly : IWindowStage
    {
        private readonly float[] _samples = new float[4096];

        public float Sum { get; private set; }

        public bool IsReset { get; set; } = true;

        public string StateName => "sum-only";

        public int StateVersion => 1;

        public void Transfer(StateTransfer state) => throw new NotSupportedException("The naive series is never captured.");

        public void Accept(in Window window, StageOutput output)
        {
            var samples = _samples.AsSpan(0, window.Length);
            window.CopyPhysical(0, 0, samples);
            Sum = 0;
            foreach (var sample in samples)
                Sum += float.IsNaN(sample) ? 0 : sample;
        }

        public void Finish(in Window tail, StageOutput output)
        {
        }

        public void Reset() => IsReset = true;
    }
}
