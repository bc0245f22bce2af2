using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pipeline.Models.Spectra;

/// <summary>Numbers that never move, from an address that is a multiple of 64. Lives as long as its plan.</summary>
internal readonly unsafe struct FftTable
{
    private readonly float[] _pinned;   // keeps the memory
    public readonly float* At;

    public FftTable(IEnumerable<float> values)
    {
        float[] numbers = [.. values];
        _pinned = GC.AllocateArray<float>(numbers.Length + FftPlan.Alignment, pinned: true);
        At = FftPlan.Align((float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_pinned)));
        numbers.CopyTo(new Span<float>(At, numbers.Length));
    }
}
