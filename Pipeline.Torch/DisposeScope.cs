namespace TorchSharp;

/// <summary>Frees the tensors that were made on this thread since it began, but those that were moved out of it.</summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? _current;

    private readonly DisposeScope? _outer;
    private readonly List<torch.Tensor> _tensors = [];   // each knows its place
    private readonly int _thread = Environment.CurrentManagedThreadId;

    internal DisposeScope()
    {
        _outer = _current;
        _current = this;
    }

    internal static DisposeScope? Current => _current;

    internal bool IsOfThisThread => _thread == Environment.CurrentManagedThreadId;

    /// <summary>How many tensors it will free.</summary>
    public int DisposablesCount => _tensors.Count;

    /// <summary>Frees its tensors. Scopes end in the reverse order of their beginnings, on their own thread.</summary>
    /// <exception cref="InvalidOperationException">An inner scope is still open, or another thread's is.</exception>
    public void Dispose()
    {
        if (!ReferenceEquals(_current, this))
            throw new InvalidOperationException("A dispose scope ends on its own thread and after the scopes inside it.");
        _current = _outer;
        foreach (var tensor in _tensors)
            tensor.Free();
        _tensors.Clear();
    }

    /// <summary>The tensor lives on after this scope, in the outer one (or unscoped when there is none).</summary>
    public torch.Tensor MoveToOuter(torch.Tensor tensor)
    {
        if (tensor.Leave(this))
            _outer?.Add(tensor);
        return tensor;
    }

    internal void Add(torch.Tensor tensor)
    {
        tensor.Enter(this, _tensors.Count);
        _tensors.Add(tensor);
    }

    /// <summary>Takes the tensor at that place out; the last one takes the place.</summary>
    internal void RemoveAt(int place)
    {
        var last = _tensors[^1];
        _tensors[place] = last;
        last.Enter(this, place);
        _tensors.RemoveAt(_tensors.Count - 1);
    }
}

public static partial class torch
{
    /// <summary>Begins a scope on this thread.</summary>
    public static DisposeScope NewDisposeScope() => new();
}
