package accounts

// DrawScreenSets makes screen-sets of a design.
var DrawScreenSets = drawScreenSets
