using System.Runtime.Intrinsics;

namespace Pipeline.Models.Graph;

/// <summary>See <see cref="Interpolation.Polyphase"/>.</summary>
internal sealed class PolyphaseStep : ISignalStep
{
    private const int InputBatch = 512;

    private readonly PolyphaseKernel _kernel;
    private readonly ISignalStep _next;
    private readonly float[] _held;      // inputs [_heldFirst, _heldFirst + _heldCount)
    private readonly float[] _output;
    private long _heldFirst;
    private int _heldCount;
    private long _at;                    // up x position of the next output

    public PolyphaseStep(PolyphaseKernel kernel, long firstIndex, ISignalStep next)
    {
        _kernel = kernel;
        _next = next;
        _held = new float[kernel.Width + InputBatch];
        _output = new float[(InputBatch + 1) * kernel.Ratio.Up / kernel.Ratio.Down + 1];
        _heldFirst = firstIndex - kernel.Reach;
        _at = kernel.Ratio.FirstAtOrAfter(firstIndex) * kernel.Ratio.Down;
    }

    public void Push(ReadOnlySpan<float> samples)
    {
        if (_heldCount == 0 && samples.Length > 0)
            for (; _heldCount < _kernel.Reach; _heldCount++)   // the stream before its first sample
                _held[_heldCount] = samples[0];
        for (; samples.Length > InputBatch; samples = samples[InputBatch..])
            Take(samples[..InputBatch]);
        Take(samples);
    }

    public void Finish()
    {
        if (_heldCount > 0)
        {
            var last = _held[_heldCount - 1];
            for (var i = 0; i < _kernel.Reach; i++)
                Take([last]);
        }
        _next.Finish();
    }

    private void Take(ReadOnlySpan<float> samples)
    {
        samples.CopyTo(_held.AsSpan(_heldCount));
        _heldCount += samples.Length;
        var outputs = 0;
        var (up, down) = _kernel.Ratio;
        for (; ; _at += down)
        {
            var first = _at / up - _kernel.Reach - _heldFirst;
            if (first + _kernel.Width > _heldCount)
                break;
            _output[outputs++] = Dot(_held.AsSpan((int)first, _kernel.Width), _kernel.Of((int)(_at % up)));
        }
        if (outputs > 0)
            _next.Push(_output.AsSpan(0, outputs));
        var spent = (int)Math.Clamp(_at / up - _kernel.Reach - _heldFirst, 0, _heldCount);
        _held.AsSpan(spent, _heldCount - spent).CopyTo(_held);
        _heldFirst += spent;
        _heldCount -= spent;
    }

    // Its own loop: a sum whose order depends on the taps' count alone, wherever the samples lie.
    private static float Dot(ReadOnlySpan<float> samples, ReadOnlySpan<float> taps)
    {
        var sums = Vector256<float>.Zero;
        var i = 0;
        for (; i + 8 <= taps.Length; i += 8)
            sums += Vector256.Create(samples[i..]) * Vector256.Create(taps[i..]);
        var sum = Vector256.Sum(sums);
        for (; i < taps.Length; i++)
            sum += samples[i] * taps[i];
        return sum;
    }
}
