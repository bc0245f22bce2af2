namespace TorchSharp;

/// <summary>Frees the tensors that were made on this thread since it began, but those that were moved out of it.</summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? _current;

    private readonly DisposeScope? _outer;
    private readonly HashSet<torch.Tensor> _tensors = [];

    internal DisposeScope()
    {
        _outer = _current;
        _current = this;
    }

    internal static DisposeScope? Current => _current;

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
            tensor.Leave(null);
        var tensors = _tensors.ToArray();
        _tensors.Clear();
        foreach (var tensor in tensors)
            tensor.Dispose();
    }

    /// <summary>The tensor lives on after this scope, in the outer one (or unscoped when there is none).</summary>
    public torch.Tensor MoveToOuter(torch.Tensor tensor)
    {
        if (_tensors.Remove(tensor))
        {
            tensor.Leave(_outer);
            _outer?._tensors.Add(tensor);
        }
        return tensor;
    }

    internal void Add(torch.Tensor tensor) => _tensors.Add(tensor);

    internal void Remove(torch.Tensor tensor) => _tensors.Remove(tensor);
}

public static partial class torch
{
    /// <summary>Begins a scope on this thread.</summary>
    public static DisposeScope NewDisposeScope() => new();
}
