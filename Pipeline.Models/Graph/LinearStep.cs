using System.Runtime.Intrinsics;

namespace Pipeline.Models.Graph;

/// <summary>See <see cref="Interpolation.Linear"/>.</summary>
internal sealed class LinearStep : ISignalStep
{
    private const int OutputBatch = 2048;

    private readonly RateRatio _ratio;
    private readonly ISignalStep _next;
    private readonly float[] _output = new float[OutputBatch + 16];
    private int _outputCount;
    private long _input;      // index of the next input sample
    private long _at;         // up x position of the next output: it lies at input _at / up
    private float _last;      // input sample before the next one
    private bool _hasLast;

    public LinearStep(RateRatio ratio, long firstIndex, ISignalStep next)
    {
        _ratio = ratio;
        _next = next;
        _input = firstIndex;
        _at = ratio.FirstAtOrAfter(firstIndex) * ratio.Down;
    }

    public void Push(ReadOnlySpan<float> samples)
    {
        if (samples.IsEmpty)
            return;
        if (_hasLast)
            Between(_last, samples[0]);
        if (_ratio is { Up: 4, Down: 1 })
            Quarters(samples);
        else
            for (var i = 0; i + 1 < samples.Length; i++)
                Between(samples[i], samples[i + 1]);
        _last = samples[^1];
        _hasLast = true;
        Flush();
    }

    public void Finish()
    {
        if (_hasLast)
            Between(_last, _last);   // the last sample stands for its whole period
        Flush();
        _next.Finish();
    }

    // All outputs from input sample a, at index _input, to before the next one, b.
    private void Between(float a, float b)
    {
        var start = _input * _ratio.Up;
        _input++;
        for (; _at < start + _ratio.Up; _at += _ratio.Down)
            Put(_at == start ? a : a + (b - a) * ((float)(_at - start) / _ratio.Up));
    }

    // As Between for each pair of neighbours, four outputs an input, sixteen at a time.
    private void Quarters(ReadOnlySpan<float> samples)
    {
        var pairs = samples.Length - 1;
        var spread = Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
        var part = Vector512.Create(0, .25f, .5f, .75f, 0, .25f, .5f, .75f, 0, .25f, .5f, .75f, 0, .25f, .5f, .75f);
        var exact = Vector512.Equals(part, Vector512<float>.Zero);
        var i = 0;
        for (; i + 4 <= pairs; i += 4)
        {
            var a = Vector512.Shuffle(Vector128.Create(samples[i..]).ToVector256Unsafe().ToVector512Unsafe(), spread);
            var b = Vector512.Shuffle(Vector128.Create(samples[(i + 1)..]).ToVector256Unsafe().ToVector512Unsafe(), spread);
            Vector512.ConditionalSelect(exact, a, a + (b - a) * part).CopyTo(_output.AsSpan(_outputCount));
            _outputCount += 16;
            if (_outputCount >= OutputBatch)
                Flush();
        }
        _input += i;
        _at += 4L * i;
        for (; i < pairs; i++)
            Between(samples[i], samples[i + 1]);
    }

    private void Put(float value)
    {
        _output[_outputCount++] = value;
        if (_outputCount >= OutputBatch)
            Flush();
    }

    private void Flush()
    {
        if (_outputCount > 0)
            _next.Push(_output.AsSpan(0, _outputCount));
        _outputCount = 0;
    }
}
