using System.Numerics;

namespace Pipeline.Actors.Inference;

/// <summary>Requests in the order in which they came, at most as many as its capacity. Under the queue's lock.</summary>
internal sealed class RequestRing
{
    private readonly InferenceRequest?[] _items;    // _items[(_head + i) & mask], i = 0..Count-1; capacity is a power of two
    private int _head;

    /// <summary>Takes the least capacity; the next power of two is used.</summary>
    public RequestRing(int capacity) => _items = new InferenceRequest?[(int)BitOperations.RoundUpToPowerOf2((uint)capacity)];

    public int Count { get; private set; }

    public bool IsFull => Count == _items.Length;

    /// <summary>Whether those who wait for space may try again.</summary>
    public bool IsHalfFree => Count <= _items.Length / 2;

    /// <summary>The one that waits longest; there is one.</summary>
    public InferenceRequest Oldest => _items[_head]!;

    public void Add(InferenceRequest request) => _items[(_head + Count++) & (_items.Length - 1)] = request;

    public InferenceRequest Take()
    {
        var request = _items[_head]!;   // the caller has looked at Count
        _items[_head] = null;
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
        return request;
    }

    /// <summary>Takes out all of <paramref name="owner"/>; the others keep their order.</summary>
    public void TakeAll(InferenceOwner owner, List<InferenceRequest> taken)
    {
        for (var i = Count; i > 0; i--)
        {
            var request = Take();
            if (request.Owner == owner)
                taken.Add(request);
            else
                Add(request);
        }
    }
}
