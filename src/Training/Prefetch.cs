namespace AaClip.Training;

/// <summary>Items of which the next one is made while the caller works on the present one.</summary>
internal static class Prefetch
{
    /// <param name="make">Makes an item by its number, from 0.</param>
    public static IEnumerable<T> Of<T>(int count, Func<int, T> make)
    {
        Task<T>? next = count > 0 ? Task.Run(() => make(0)) : null;
        for (int i = 1; next is not null; i++)
        {
            T ready = next.GetAwaiter().GetResult();
            int following = i;
            next = i < count ? Task.Run(() => make(following)) : null;
            yield return ready;
        }
    }
}
