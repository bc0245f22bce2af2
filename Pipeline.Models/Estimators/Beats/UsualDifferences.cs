using Pipeline.Models.State;

namespace Pipeline.Models.Estimators.Beats;

/// <summary>What the patient's usual beats differ by from their own mean, as logarithms: noise and breathing make it large, and a beat is abnormal by what it differs more.</summary>
internal sealed class UsualDifferences
{
    private const int First = 8, Slowest = 40;      // beats of a running mean

    private float _whole = -2, _qrs = -2.2f, _meanQrs = -1.8f, _width = 0.03f;
    private int _count = First;

    /// <summary>From P to T wave, in the lead where it is least.</summary>
    public float Whole => _whole;

    /// <summary>Of the QRS complexes, in the lead where it is least.</summary>
    public float Qrs => _qrs;

    /// <summary>The same, mean of the leads.</summary>
    public float MeanQrs => _meanQrs;

    /// <summary>Of their widths, mean of the leads.</summary>
    public float Width => _width;

    /// <summary>Learns of a usual beat.</summary>
    public void Learn(float whole, float qrs, float meanQrs, float width)
    {
        _whole += (whole - _whole) / _count;
        _qrs += (qrs - _qrs) / _count;
        _meanQrs += (meanQrs - _meanQrs) / _count;
        _width += (width - _width) / _count;
        _count = Math.Min(_count + 1, Slowest);
    }

    /// <summary>All that changes.</summary>
    public void Transfer(StateTransfer state)
    {
        state.Value(ref _whole);
        state.Value(ref _qrs);
        state.Value(ref _meanQrs);
        state.Value(ref _width);
        state.Within(ref _count, First, Slowest);
    }
}
