namespace AaClip.Scoring.Text;

/// <summary>A data set of the published evaluation.</summary>
/// <param name="Name">Such as "MVTec".</param>
/// <param name="Domain">"Industrial" or "Medical"; chooses how strongly maps are smoothed and how the image score is made.</param>
/// <param name="Classes">In the order in which the published code evaluates them.</param>
public sealed record PublishedDataSet(string Name, string Domain, IReadOnlyList<PublishedClass> Classes);

/// <summary>A class of a data set.</summary>
/// <param name="Class">Its name in the data set, such as "metal_nut".</param>
/// <param name="Name">Its name in sentences, such as "metal nut which has four notched edges".</param>
public sealed record PublishedClass(string Class, string Name);
