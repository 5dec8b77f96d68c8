// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of rings and control pages, and their maps.  See region.h.
 *
 * Maps are filled by fault, page by page: setting up a large ring is quick and
 * can be killed, and a page that a process dropped (MADV_DONTNEED) comes back.
 * A library that wants no faults later asks for MAP_POPULATE.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "region.h"

/* Bytes in all regions, for /sys/module/fastipc/parameters/bytes. */
static atomic64_t fastipc_bytes;

u64 fastipc_region_bytes(void)
{
	return atomic64_read(&fastipc_bytes);
}

/**
 * fastipc_region_free() - drop a region's own references to its pages
 * @region: allocated, failed half-way, or all zeroes
 */
void fastipc_region_free(struct fastipc_region *region)
{
	unsigned long i;

	for (i = 0; i < region->nr; i++) {
		/* A map, or who pinned it, may hold it still. */
		put_page(virt_to_page(region->at[i]));
		if (!(i % 1024))
			cond_resched();
	}
	atomic64_sub((u64)region->nr << PAGE_SHIFT, &fastipc_bytes);
	kvfree(region->at);
	region->at = NULL;
	region->nr = 0;
}

/**
 * fastipc_region_alloc() - allocate zeroed pages, charged to the caller
 * @region: filled in
 * @bytes: a multiple of the page size
 *
 * A request that is too large fails instead of calling the OOM killer.
 *
 * Return: 0, -ENOMEM, or -EINTR if the caller is being killed.
 */
int fastipc_region_alloc(struct fastipc_region *region, size_t bytes)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO |
			  __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	unsigned long nr = bytes >> PAGE_SHIFT;
	int ret = -ENOMEM;

	region->nr = 0;
	region->at = kvcalloc(nr, sizeof(*region->at),
			      GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!region->at)
		return -ENOMEM;
	while (region->nr < nr) {
		void *page;

		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			goto err_free;
		}
		page = (void *)__get_free_page(gfp);
		if (!page)
			goto err_free;
		region->at[region->nr++] = page;
		atomic64_add(PAGE_SIZE, &fastipc_bytes);
		cond_resched();
	}
	return 0;

err_free:
	fastipc_region_free(region);
	return ret;
}

/* Guards region->at against fastipc_region_replace(); for whoever faults. */
static DEFINE_SPINLOCK(replace_lock);

/* The page at an index, with a reference, and locked: until it is mapped. */
static struct page *region_page(const struct fastipc_region *region,
				unsigned long index)
{
	struct page *page;

	for (;;) {
		spin_lock(&replace_lock);
		page = virt_to_page(region->at[index]);
		get_page(page);
		spin_unlock(&replace_lock);
		lock_page(page);
		/* Whoever replaces it takes this lock after that. */
		if (page == virt_to_page(READ_ONCE(region->at[index])))
			return page;
		unlock_page(page);
		put_page(page);
	}
}

/**
 * fastipc_region_replace() - show another page instead of a region's only one
 * @region: of one page
 * @fresh: likewise; its page moves to @region, whose own is dropped
 * @mapping: of all files that may have mapped it
 * @offset: at which they have
 *
 * Afterwards no process sees the old page any more, but by pins; one that looks there
 * gets the new one by a fault.  May sleep.  Model: tests/model/takeover.pml.
 */
void fastipc_region_replace(struct fastipc_region *region,
			    struct fastipc_region *fresh,
			    struct address_space *mapping, u64 offset)
{
	struct page *old = virt_to_page(region->at[0]);

	spin_lock(&replace_lock);
	swap(region->at[0], fresh->at[0]);
	spin_unlock(&replace_lock);
	/* Who has found the old one locked has mapped it after this: NO_PAGE_LOCK. */
	lock_page(old);
	unlock_page(old);
	/*
	 * And is interrupted, on whichever processor, if that has seen it: what was
	 * stored there before is seen here, and what is loaded later comes from the
	 * new one.
	 */
	unmap_mapping_range(mapping, offset, PAGE_SIZE, 1);
	fastipc_region_free(fresh);
}

/*
 * A pin counts for many references; those of maps, anybody's, are no pins.  Maps
 * come and go meanwhile: their number is read on both sides of the references',
 * with nobody else on this CPU in between, and half a pin is one.
 */
static bool page_pinned(struct page *page)
{
	int maps, references;

	preempt_disable();
	do {
		maps = atomic_read(&page->_mapcount) + 1;
		/* In this order; pairs with the counters' atomic updates. */
		smp_rmb();
		references = page_ref_count(page);
		/* The same. */
		smp_rmb();
	} while (maps != atomic_read(&page->_mapcount) + 1);
	preempt_enable();
	return references - maps >= GUP_PIN_COUNTING_BIAS / 2;
}

/**
 * fastipc_region_pinned() - might somebody hold pages for direct access?
 * @region: allocated
 *
 * Such a holder (io_uring's fixed buffers, direct I/O) writes without a map.
 *
 * Return: whether that is so.
 */
bool fastipc_region_pinned(const struct fastipc_region *region)
{
	unsigned long i;

	for (i = 0; i < region->nr; i++) {
		if (page_pinned(virt_to_page(region->at[i])))
			return true;
		if (!(i % 1024))
			cond_resched();
	}
	return false;
}

/**
 * fastipc_view_check() - may this area be mapped so?
 * @view: what it would show
 * @vma: as mmap(2) made it
 *
 * Return: 0; -EINVAL for another length, or a private map, whose copies would
 * show nothing; -EACCES for write access to a protected page.
 */
int fastipc_view_check(const struct fastipc_view *view,
		       struct vm_area_struct *vma)
{
	/* VM_SHARED is gone already if the file was opened read-only. */
	if (vma_pages(vma) != view->region->nr * view->repeat ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (!view->writable && (vma->vm_flags & VM_WRITE))
		return -EACCES;
	return 0;
}

/**
 * fastipc_view_install() - make an area show a region
 * @view: passed fastipc_view_check()
 * @vma: the area; its vm_file must keep the region alive
 * @ops: with fastipc_region_fault()
 */
void fastipc_view_install(const struct fastipc_view *view,
			  struct vm_area_struct *vma,
			  const struct vm_operations_struct *ops)
{
	vma->vm_private_data = (void *)view->region;
	vma->vm_ops = ops;
	/*
	 * VM_MAYWRITE decides what mprotect(2) and forced access (ptrace,
	 * /proc/PID/mem) may do.  VM_DONTEXPAND keeps mremap(2) from showing
	 * more than fastipc_view_check() saw, and userfaultfd(2) off.
	 */
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND,
		     view->writable ? 0 : VM_MAYWRITE);
}

/* Make an area show nothing any more: whoever touches it gets SIGBUS. */
void fastipc_view_withdraw(struct vm_area_struct *vma)
{
	vma->vm_private_data = NULL;
}

bool fastipc_view_withdrawn(const struct vm_area_struct *vma)
{
	return !vma->vm_private_data;
}

/* Whether an area counts as a read-write map: also after mprotect(PROT_NONE). */
bool fastipc_view_writable(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_MAYWRITE;
}

/* The fault handler of all maps: the page, in whichever repetition. */
vm_fault_t fastipc_region_fault(struct vm_fault *vmf)
{
	const struct fastipc_region *region = vmf->vma->vm_private_data;
	unsigned long index;

	if (!region)
		return VM_FAULT_SIGBUS;
	/* The area's own number is a multiple of every power-of-two region. */
	index = vmf->pgoff & (region->nr - 1);
	vmf->page = region_page(region, index);
	return VM_FAULT_LOCKED;
}
