using System.Text;
using Pipeline.Models.Packages;
using Pipeline.Models.State;

namespace Pipeline.Models.Estimators;

/// <summary>The recurrent (LSTM) state of one device's stream for the network of one task, and the network it belongs to. One thread at a
/// time.</summary>
public sealed class RateMemory
{
    private const int MostFloats = 1 << 20;
    private const int MostBytes = 1 << 10;

    private float[] _state = [];
    private string _identity = "";

    /// <summary>The state; empty before the first question. Its length is the network's.</summary>
    public float[] State => _state;

    /// <summary>Name and version of the network whose state it is; empty when the next window begins with a state of zeros.</summary>
    public string Identity => _identity;

    internal void Begin(RecurrentModel model)
    {
        if (_state.Length == model.StateLength)
            Array.Clear(_state);
        else
            _state = new float[model.StateLength];
        _identity = model.Identity;
    }

    internal void Forget() => _identity = "";

    /// <summary>All that changes.</summary>
    internal void Transfer(StateTransfer state)
    {
        var identity = Encoding.UTF8.GetBytes(_identity);
        var (bytes, floats) = (identity.Length, _state.Length);
        state.Within(ref bytes, 0, MostBytes);
        state.Within(ref floats, 0, MostFloats);
        if (state.IsReading && state.Fault is null)
            (identity, _state) = (new byte[bytes], new float[floats]);
        state.Part<byte>(identity);
        state.Part<float>(_state);
        if (state.IsReading)
            _identity = Encoding.UTF8.GetString(identity);
    }
}
