using System.Runtime.Intrinsics;

namespace Pipeline.Models.Spectra;

/// <summary>What goes into a transform: (samples - offset) x taper, or the samples alone when there is no taper.</summary>
internal readonly unsafe struct FftInput(float* samples, int count, float offset, float* taper)
{
    public readonly float* Samples = samples;
    public readonly float* Taper = taper;
    public readonly float Offset = offset;
    public readonly int Count = count;

    public float this[int index] => Taper == null ? Samples[index] : (Samples[index] - Offset) * Taper[index];

    /// <summary>Writes the numbers that go in, and zeros up to <paramref name="length"/>.</summary>
    public void CopyTo(float* to, int length)
    {
        var i = 0;
        if (Taper != null)
        {
            var offset = Vector256.Create(Offset);
            for (; i + 8 <= Count; i += 8)
                ((Vector256.Load(Samples + i) - offset) * Vector256.Load(Taper + i)).Store(to + i);
        }
        else
        {
            new Span<float>(Samples, Count).CopyTo(new Span<float>(to, Count));
            i = Count;
        }
        for (; i < Count; i++)
            to[i] = this[i];
        new Span<float>(to + Count, length - Count).Clear();
    }
}

/// <summary>One way to transform a fixed number of samples.</summary>
internal unsafe interface IFftPlan
{
    /// <summary>
    /// Spectrum of <paramref name="input"/>: power in <paramref name="first"/> when <paramref name="second"/> is null, else real and
    /// imaginary parts. Scratch: two floats a sample, aligned by <see cref="FftPlan.Align"/>.
    /// </summary>
    void Transform(in FftInput input, float* scratch, float* first, float* second);
}
